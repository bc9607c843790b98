"""What an edit changes, in words."""

from carillon.domain.differences import LONGEST_VALUE, differences


def test_a_long_value_is_shown_from_where_it_changes():
    same = "https://example.com/" + "a" * 500
    (told,) = differences({"url": f"{same}/good"}, {"url": f"{same}/evil"})
    assert told.startswith("url from …")
    assert told.endswith("/evil'")
    assert "/good'" in told


def test_a_change_stays_short_however_long_its_values_are():
    (told,) = differences({"body": ""}, {"body": "a" * 100_000})
    assert len(told) < 2 * LONGEST_VALUE


def test_what_is_called_is_told_before_anything_else():
    before = {"description": "a", "job": {"target": {"url": "b"}}}
    after = {"description": "c", "job": {"target": {"url": "d"}}}
    assert [each.partition(" ")[0] for each in differences(before, after)] == [
        "job.target.url",
        "description",
    ]


def test_equal_documents_differ_in_nothing():
    assert list(differences({"a": [1, {"token": "x"}]}, {"a": [1, {"token": "x"}]})) == []
