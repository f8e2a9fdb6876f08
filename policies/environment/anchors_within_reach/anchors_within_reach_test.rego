package environment.anchors_within_reach_test

import data.environment.anchors_within_reach
import rego.v1

judged(location, identity) := {"cluster": {
	"name": "a",
	"backups": {"location": "s3://archive/a", "identity": "arn:backups"},
	"anchors": {"location": location, "identity": identity},
}}

test_a_bucket_and_a_role_of_their_own_pass if {
	anchors_within_reach.deny == set() with input as judged("s3://archive-anchors", "arn:anchors")
}

test_without_anchors_there_is_nothing_to_reach if {
	anchors_within_reach.examined == set() with input as {"cluster": {"name": "a", "anchors": null}}
}

test_another_folder_of_the_bucket_and_the_role_of_the_backups_are_denied if {
	denials := anchors_within_reach.deny with input as judged("s3://archive/anchors", "arn:backups")
	{denial.message | some denial in denials} == {
		"the anchors' location s3://archive/anchors is that of the backups",
		"the anchors' identity arn:backups is that of the backups",
	}
}
