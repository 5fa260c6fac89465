import pytest
from levit_bench.errors import NothingToShowError
from levit_bench.judge.front.panels import panels
from levit_bench.report.papers.figure import WIDTHS, draw
from levit_bench.report.papers.files import one_a_device, write_figures

from tests.making import record

RECORDS = [
    record("levit_192", (0.014, 0.0141, 0.0142), family="LeViT"),
    record("levit_256", (0.018, 0.0181, 0.0182), top1=81.6, family="LeViT"),
    record("efficientnet_b2", (0.030, 0.031, 0.0305), top1=80.1, family="EfficientNet"),
]
GPU = [record("levit_192", (0.002, 0.0021, 0.0022), device="cuda", batch=64, family="LeViT")]
PANELS = panels([*RECORDS, *GPU, record("levit_192", batch=4, family="LeViT")], "throughput")
NAMES = [f"speed-accuracy-{width}.{kind}" for width in WIDTHS for kind in ("png", "svg", "pdf")] + [
    f"speed-accuracy.{kind}" for kind in ("md", "csv", "tex")
]


def test_the_files_appear_and_equal_input_gives_equal_bytes(tmp_path):
    first = write_figures(PANELS, tmp_path / "a")
    second = write_figures(PANELS, tmp_path / "b")
    assert [path.name for path in first] == NAMES
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_a_figure_has_a_panel_a_device_with_the_gpu_first_and_the_most_networks():
    chosen = one_a_device(PANELS)
    assert [(panel.setting.case.device, panel.setting.case.batch, len(panel.points)) for panel in chosen] == [
        ("cuda", 64, 1), ("cpu", 1, 3),
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "columns"), [(WIDTHS["column"], 1), (WIDTHS["readme"], 2)])
def test_panels_stand_beside_each_other_where_there_is_room(width, columns):
    figure = draw(one_a_device(PANELS), ["a GPU", "a CPU"], width)
    assert figure.get_size_inches()[0] == pytest.approx(width)
    assert len({round(ax.get_position().x0, 3) for ax in figure.axes}) == columns
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    for ax in figure.axes:
        for text in (ax.xaxis.label, ax.yaxis.label, ax.title, *ax.get_xticklabels(), *ax.get_yticklabels()):
            if text.get_visible() and text.get_text():
                box = text.get_window_extent(renderer)
                assert box.x0 >= page.x0 - 1
                assert box.x1 <= page.x1 + 1
    below, above = (
        figure.legends[0].get_window_extent(renderer),
        min(ax.xaxis.label.get_window_extent(renderer).y0 for ax in figure.axes),
    )
    assert below.y1 <= above


def test_without_a_point_there_is_no_figure(tmp_path):
    with pytest.raises(NothingToShowError, match="no figure to draw"):
        write_figures(panels([record("a", top1=None)], "throughput"), tmp_path)
