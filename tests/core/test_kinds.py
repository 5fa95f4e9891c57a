"""The contract that every registered kind keeps, and a fourth modality that exists in this test alone."""

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import BaseModel, ConfigDict

from m3core.kinds import KINDS, Family, Kind, Series
from m3core.kinds.base import Encoder
from m3core.manifest import ModalitySpec
from m3core.model.clip import MultimodalCLIP
from m3core.survey import SplitSpec, write_survey
from tests.conftest import light_curve
from training.batches import step_seed
from training.config import TrainConfig
from training.objectives import Contrastive
from training.setup import build_model, build_optimizer, split_rows


def spectrum(rng):
    wavelength = np.linspace(3700, 9100, 800)
    flux = 100 + 10 * np.sin(wavelength / 300) + rng.standard_normal(800)
    ivar = np.ones(800)
    ivar[:20] = 0
    return {"wavelength": wavelength, "flux": flux, "ivar": ivar}


SPECS = {
    "photometry": ModalitySpec(
        name="v",
        kind="photometry",
        label="V",
        fields=("time", "flux", "error"),
        columns=("amplitude", "period"),
        settings={"value": "flux", "period": "period", "auxiliaries": 2},
    ),
    "spectra": ModalitySpec(name="lrs", kind="spectra", label="LRS", fields=("wavelength", "flux", "ivar")),
    "metadata": ModalitySpec(
        name="metadata", kind="metadata", label="metadata", columns=("parallax", "j_mag", "period")
    ),
}


def observations(kind, n=6):
    rng = np.random.default_rng(3)
    found = []
    for i in range(n):
        if kind == "photometry":
            curve = light_curve(rng, 2.0, 30 + i)
            arrays = {"time": curve["time"], "flux": 10 ** (-0.4 * (curve["mag"] - 20)), "error": curve["error"]}
            found.append({**arrays, "columns": np.array([0.5, 2.0])})
        elif kind == "spectra":
            found.append({**spectrum(rng), "columns": np.empty(0)})
        else:
            found.append({"columns": np.array([rng.uniform(-0.1, 2), 12.0, np.nan if i == 2 else 3.0])})
    return found


CASES = [(name, family) for name, kind in KINDS.items() for family in kind.families]


def test_every_registered_kind_is_under_contract():
    assert set(SPECS) == set(KINDS), "a new kind needs a case here"


@pytest.mark.parametrize(("name", "family_name"), CASES)
def test_contract(name, family_name):
    spec, family = SPECS[name], KINDS[name].families[family_name]
    options = family.options()
    KINDS[name].settings.model_validate(spec.settings)
    assert tuple(KINDS[name].dtypes(spec)) == spec.fields
    seen = observations(name)
    before = [{key: value.copy() for key, value in one.items()} for one in seen]
    statistics = family.statistics(spec, options, iter(seen))
    assert all(np.isfinite(values).all() for values in statistics.values())
    prepared = [family.prepare(spec, options, statistics, one, None) for one in seen]
    again = [family.prepare(spec, options, statistics, one, None) for one in seen]
    drawn = family.prepare(spec, options, statistics, seen[0], np.random.default_rng(1))
    for one, same in zip(prepared, again, strict=True):
        assert one.keys() == same.keys() == drawn.keys()
        assert "" in one
        for key, array in one.items():
            assert array.dtype == np.float32
            assert np.isfinite(array).all()
            assert array.tobytes() == same[key].tobytes()
            assert drawn[key].shape == array.shape
    for one, original in zip(seen, before, strict=True):
        for key, value in one.items():
            np.testing.assert_array_equal(value, original[key])
    torch.manual_seed(0)
    encoder = family.build(spec, options)
    inputs = {key: torch.from_numpy(np.stack([one[key] for one in prepared])) for key in prepared[0]}
    encoder.eval()
    with torch.no_grad():
        features = encoder(inputs)
        alone = encoder({key: tensor[:1] for key, tensor in inputs.items()})
    assert features.shape == (len(seen), encoder.out_features)
    assert torch.isfinite(features).all()
    torch.testing.assert_close(features[:1], alone, rtol=1e-4, atol=1e-5)  # a source does not see its neighbours
    assert features.std(dim=0).max() > 0  # and is not ignored


@pytest.mark.parametrize("name", KINDS)
def test_series_are_drawable_and_absent_where_the_source_is(name, tmp_path):
    source = _source(SPECS[name], observations(name)[0])
    series = KINDS[name].series(SPECS[name], source)
    assert series
    for one in series:
        assert one.name.startswith(SPECS[name].name)
        assert len(one.x) == len(one.y)
        assert one.error is None or len(one.error) == len(one.y)
        assert one.x_label
        assert one.y_label
    assert KINDS[name].series(SPECS[name], _source(SPECS[name], None)) == []


def test_magnitudes_go_up_when_brighter_and_fluxes_do_not():
    flux = SPECS["photometry"]
    mag = flux.model_copy(update={"fields": ("time", "mag", "error"), "settings": {"value": "mag"}, "columns": ()})
    curve = {**light_curve(np.random.default_rng(0), 3.0, 10), "columns": np.empty(0)}
    assert KINDS["photometry"].series(mag, _source(mag, curve))[0].invert_y
    assert not KINDS["photometry"].series(flux, _source(flux, observations("photometry")[0]))[0].invert_y


def _source(spec, observation):
    from m3core.survey import Source

    found = {} if observation is None else {spec.name: observation}
    return Source("s", 1.0, 2.0, None, "train", {}, found)


# A kind that only this test knows.


class ToySettings(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ToyEncoder(torch.nn.Module):
    out_features = 3

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 3)

    def forward(self, inputs):
        return self.layer(inputs[""])


def toy_build(spec, options) -> Encoder:
    return ToyEncoder()


def toy_prepare(spec, options, statistics, observation, rng):
    return {"": np.array([observation["count"].sum(), len(observation["count"])], np.float32)}


TOY = Kind(
    name="toy",
    settings=ToySettings,
    dtypes=lambda spec: {"count": "int64"},
    families={"fast": Family(options=ToySettings, statistics=lambda *_: {}, prepare=toy_prepare, build=toy_build)},
    series=lambda spec, source: [Series(name=spec.name, x=np.arange(1), y=np.zeros(1), x_label="x", y_label="y")],
)


def test_a_fourth_modality_trains_with_four_encoders_and_six_pairs(tmp_path, monkeypatch):
    monkeypatch.setitem(KINDS, "toy", TOY)
    n, rng = 12, np.random.default_rng(0)
    sources = pd.DataFrame({
        "source_id": [f"t{i}" for i in range(n)], "ra": 0.0, "dec": 0.0, "label": "x", "split": "train",
        "parallax": rng.uniform(1, 2, n), "j_mag": 11.0, "period": 2.0, "amplitude": 0.5,
    })  # fmt: skip
    toy = ModalitySpec(name="counts", kind="toy", label="counts", fields=("count",))
    arrays = {
        "v": [{key: one[key] for key in ("time", "flux", "error")} for one in observations("photometry", n)],
        "lrs": [spectrum(rng) for _ in range(n)],
        "counts": [None if i == 3 else {"count": rng.integers(0, 9, 5)} for i in range(n)],
    }
    survey = write_survey(
        tmp_path / "toy", sources=sources, modalities=[*SPECS.values(), toy], arrays=arrays,
        split=SplitSpec(method="given"), provenance={},
    )  # fmt: skip
    config = TrainConfig(embedding_dim=8)
    rows = split_rows(survey, tuple(survey.modalities))
    model = build_model(survey, config, rows.train)
    assert isinstance(model, MultimodalCLIP)
    assert len(model.encoders) == 4
    assert len(model.config.pairs) == len(model.logit_scales) == 6
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimizer = build_optimizer(model, config)
    from m3core.model.batch import make_batch

    batch = make_batch(survey, rows.train, model.config.modalities)
    loss, losses = Contrastive().backward(model, batch, micro_batch=64, seed=step_seed(seed=1, step=0))
    optimizer.step()
    assert len(losses) == 6
    assert loss == pytest.approx(sum(losses.values()), rel=1e-5)
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    for name in ("v", "lrs", "metadata", "counts"):
        assert any(key.startswith(f"encoders.{name}_") for key in moved)
        assert f"projections.{name}_.weight" in moved
