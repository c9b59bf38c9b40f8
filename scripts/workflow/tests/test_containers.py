"""What a release makes of Terraform's job definitions, and which of old releases go."""

import unittest

from case import load

containers = load("containers")
TEMPLATE = {
    "jobDefinitionName": "waybill-prod-load-small",
    "containerProperties": {"image": "registry/waybill/task", "command": ["load"]},
    "tags": {"project": "waybill"},
}


def known(name: str, release: str, registered: str) -> dict:
    """A definition as Batch lists it."""
    return {"jobDefinitionName": name, "jobDefinitionArn": f"arn:{name}:1", "tags": {"release": release, "registered": registered}}


class Definition(unittest.TestCase):
    def test_it_is_the_releases_own_and_names_its_image(self) -> None:
        made = containers.definition(TEMPLATE, "0123456789abcdef", "registry/waybill/task@sha256:aa", "1763766000")
        self.assertEqual(made["jobDefinitionName"], "waybill-prod-load-small-0123456789ab")
        self.assertEqual(made["containerProperties"], {"image": "registry/waybill/task@sha256:aa", "command": ["load"]})
        self.assertEqual(made["tags"], {"project": "waybill", "release": "0123456789abcdef", "registered": "1763766000"})
        self.assertEqual(TEMPLATE["containerProperties"]["image"], "registry/waybill/task")


class Superfluous(unittest.TestCase):
    NAMES = ["waybill-prod-load-small", "waybill-prod-load-large"]

    def test_the_newest_releases_stay_with_all_their_sizes(self) -> None:
        there = [known(f"{name}-{release}", release, at) for name in self.NAMES for release, at in (("a", "1"), ("b", "2"), ("c", "3"))]
        gone = containers.superfluous(there, self.NAMES, keep=2)
        self.assertEqual(gone, ["arn:waybill-prod-load-large-a:1", "arn:waybill-prod-load-small-a:1"])

    def test_a_release_that_came_again_is_new(self) -> None:
        there = [known(f"{self.NAMES[0]}-{release}", release, at) for release, at in (("a", "1"), ("b", "2"), ("c", "3"), ("a", "4"))]
        self.assertEqual(containers.superfluous(there, self.NAMES, keep=2), ["arn:waybill-prod-load-small-b:1"])

    def test_what_is_not_ours_stays(self) -> None:
        others = [
            known("waybill-prod-load-smaller", "x", "0"),
            known("another-load-small-a", "x", "0"),
            {"jobDefinitionName": "waybill-prod-load-small-mine", "jobDefinitionArn": "arn:mine"},
        ]
        ours = [known("waybill-prod-load-small-b", "b", "2")]
        self.assertEqual(containers.superfluous(others + ours, self.NAMES, keep=1), [])


if __name__ == "__main__":
    unittest.main()
