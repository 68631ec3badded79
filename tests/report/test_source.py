"""The sample that notebooks open by default is the one that this version makes."""

from ipats_lib.report import source


def test_the_sample_is_made_anew_once_what_makes_it_has_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("IPATS_SAMPLE", str(tmp_path / "sample"))
    monkeypatch.setattr(source, "SCALE", 0.005)
    first = source.sample_snapshot()
    assert source.sample_snapshot() == first
    params = tmp_path / "params"
    source.shutil.copytree(source.params_folder(), params)
    with (params / "rules.csv").open("a") as lines:
        lines.write("\n")
    monkeypatch.setattr(source, "params_folder", lambda: params)
    monkeypatch.setattr(source, "SEED", 8)
    second = source.sample_snapshot()
    assert second != first
    assert second.is_dir()
