"""Reinforcement learning on the host itself: an environment whose book is the engine's, and what serves its policies.

`course`: candles with the features of one continuous pass. `terms`, `acting`, `observing`, `rewards`: how a book
trades, what an action means, what is seen, what is rewarded. `env`: the environment for one book; `vector`: many.
`policy`: what a trained policy is to the host.

`settings`, `algorithms`, `learning`, `checkpoint`: how policies are learned, by libraries that serving does not need.
`constraint`, `lagrangian`: a limit on losses. `actor`, `extraction`, `network_policy`, `vote`: what acts. `config`,
`training`, `walking`, `opponents`, `evaluation`, `reporting`: a whole training and its report.
"""
