#!/usr/bin/env bash
# Trains the starter models anew, on a simulated market with a planted edge: `make starter-models`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PAPERTAPE_HOME=$work/home
registry=$work/registry

simulate() { # seed, first day, candles, folder
    papertape data simulate --timeframe 1h --edge 0.25 --seed "$1" --start "$2" --bars "$3" --out "$work/$4"
}
train() { papertape train "$@" --source "$work/past" --registry "$registry"; }
promote() { papertape models promote "$1" --to champion --why "starter model" --by papertape --registry "$registry" "${@:2}"; }

said() { # by the members of the line-up in a session on candles that no model had seen: its id
    papertape run "$here/line-up.toml" --feed replay --source "$work/$1" --registry "$registry" --fusion weighted-vote \
        --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["session"])'
}

simulate 101 2020-01-01 20000 past
simulate 102 2022-06-01 8000 later
simulate 103 2023-06-01 5000 latest

train classifier --label direction:3c,band=0
promote signal@1 --source "$work/later"
train predictor --arch lstm --label direction:3c,6c --symbol BTC/USDT --folds 1
promote price@1 --source "$work/later" --symbol BTC/USDT
train sizer --signals classifier --label direction:3c,band=0 --confidence 0.6
promote sizer@1 --source "$work/later"
papertape train stacking --session "$(said later)" --horizon 3c --registry "$registry"
promote stacking@1 --session "$(said latest)"

rm -rf "$here/registry.json" "$here/versions"
cp -r "$registry/registry.json" "$registry/versions" "$here"
