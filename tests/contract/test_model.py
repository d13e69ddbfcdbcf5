"""What a component sees of a prediction."""

import math

import numpy as np
import pytest

from papertape import ConfigError, ModelPin, Prediction

INDEX = {"up": 0, "down": 1}


def test_outputs_are_read_by_name_and_cannot_be_written() -> None:
    said = Prediction(INDEX, np.array([0.75, 0.25]).tobytes())
    assert (said["up"], said["down"], said.abstains) == (0.75, 0.25, False)
    with pytest.raises(ValueError, match="read-only"):
        said.values[0] = 1.0


def test_an_output_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="no output 'sideways'; it has up, down"):
        Prediction(INDEX, bytes(16))["sideways"]


def test_it_abstains_where_anything_is_missing() -> None:
    assert Prediction(INDEX, np.array([0.75, math.nan]).tobytes()).abstains


def test_a_pin_is_shown_as_people_write_it() -> None:
    assert str(ModelPin("signal", 3, "sha256:ab")) == "signal@3"
