import pytest
from levit_bench.catalog.timm_results import PublishedFile, TopOne
from levit_bench.judge.published.accuracies import Accuracies, complete, from_catalog, timm_name
from levit_bench.records import Accuracy

from tests.making import record


def accuracies(name="results-imagenet.csv", dataset="ImageNet-1k validation", resolution=224, **top1):
    """A file of accuracies; `__` stands for the point before the tag."""
    return PublishedFile(
        name=name,
        dataset=dataset,
        accuracies=tuple(
            TopOne(
                model=model.replace("__", "."),
                resolution=resolution,
                accuracy=Accuracy(top1=value, dataset=dataset, source=f"{name}, {model.replace('__', '.')}"),
            )
            for model, value in top1.items()
        ),
    )


def test_a_name_means_itself_then_the_only_weights_then_those_of_the_catalog():
    known = Accuracies(
        [accuracies(a__x=70.0, b__x=71.0, b__y=72.0, mobilenetv2_100__ra_in1k=72.9, mobilenetv2_100__z=1.0)]
    )
    assert known.default("b.y", 224).accuracy.top1 == 72.0
    assert known.default("a", 224).model == "a.x"
    assert known.default("b", 224) is None
    assert known.default("mobilenetv2_100", 224).model == "mobilenetv2_100.ra_in1k"
    assert known.default("a.y", 224) is None
    assert known.default("a", 256) is None
    assert [top.model for top in known.weights("b", 224)] == ["b.x", "b.y"]


def test_the_catalog_answers_to_the_exact_name_at_its_resolution_alone():
    assert from_catalog("levit_128s", 224).top1 == 76.6
    assert from_catalog("levit_128s", 256) is None
    assert from_catalog("mobilenetv2_100.ra_in1k", 224).top1 == 72.91
    assert from_catalog("mobilenetv2_100.other", 224) is None
    # Its speed may be of other weights with 21,841 classes, so the name without a tag is not enough.
    assert from_catalog("tiny_vit_5m_224", 224) is None


def test_a_network_of_the_users_own_has_no_name_of_timms():
    assert timm_name("nets.py:build#3f2a91") is None
    assert timm_name("deit_tiny") == "deit_tiny_distilled_patch16_224"
    assert timm_name("resnet26t.ra2_in1k") == "resnet26t.ra2_in1k"


def test_a_measured_network_without_an_accuracy_gets_the_published_one_with_its_source():
    records = [record("resnet26t", top1=None), record("nets.py:build#3f2a91", top1=None), record("a.b", top1=None)]
    found, findings = complete(records, [accuracies(resnet26t__ra2_in1k=78.3, a__c=70.0)])
    assert findings == []
    assert found[0].info.accuracy == Accuracy(top1=78.3, source="results-imagenet.csv, resnet26t.ra2_in1k")
    assert [one.info.accuracy for one in found[1:]] == [None, None]
    assert records[0].info.accuracy is None


def test_one_of_several_weights_is_never_chosen_at_random():
    found, (finding,) = complete([record("resnet26t", top1=None)], [accuracies(resnet26t__a=70.0, resnet26t__b=80.0)])
    assert found[0].info.accuracy is None
    assert finding.kind == "published-several-weights"
    assert "resnet26t@224 (resnet26t.a, resnet26t.b)" in finding.message


@pytest.mark.parametrize(
    ("stored", "published", "differs"),
    [(78.3, 78.34, False), (78.3, 78.36, True), (78.345, 78.3, False), (78.3, 78.3, False), (80.0, 79.858, True)],
)
def test_a_stored_accuracy_is_kept_and_differences_beyond_rounding_are_told(stored, published, differs):
    found, findings = complete([record("net", top1=stored)], [accuracies(net__tag=published)])
    assert found[0].info.accuracy.top1 == stored
    assert [finding.kind for finding in findings] == (["published-accuracy-differs"] if differs else [])
    if differs:
        assert f"net@224 {stored:g} (made up), and {published:g} (results-imagenet.csv, net.tag)" in findings[0].message


def test_of_several_weights_one_that_agrees_is_enough():
    _, findings = complete([record("net", top1=78.0)], [accuracies(net__a=70.0, net__b=78.0)])
    assert findings == []


def test_accuracies_on_another_set_of_images_are_not_used_and_that_is_said():
    found, (finding,) = complete(
        [record("net", top1=None)], [accuracies("results-imagenet-real.csv", "ImageNet-ReaL", net__a=85.0)]
    )
    assert found[0].info.accuracy is None
    assert finding.kind == "published-other-set"
    assert "ImageNet-ReaL" in finding.message


def test_of_two_files_the_first_counts():
    files = [accuracies(net__a=70.0), accuracies("second.csv", net__a=75.0)]
    found, _ = complete([record("net", top1=None)], files)
    assert found[0].info.accuracy.top1 == 70.0
