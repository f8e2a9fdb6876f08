package environment.archive_copied_to_its_own_region_test

import data.environment.archive_copied_to_its_own_region
import rego.v1

judged(copy) := {
	"cluster": {"name": "a", "region": "eu-central-1", "backups": {"replicated_to": copy}},
	"environment": {"clusters": {
		"a": {"backups": {"location": "s3://archive"}},
		"b": {"backups": {"location": "s3://other"}},
	}},
}

test_a_bucket_of_its_own_elsewhere_passes if {
	copy := {"location": "s3://archive-copy", "region": "eu-west-1"}
	archive_copied_to_its_own_region.deny == set() with input as judged(copy)
}

test_no_copy_is_not_judged if archive_copied_to_its_own_region.deny == set() with input as judged(null)

test_the_same_region_is_denied if {
	copy := {"location": "s3://archive-copy", "region": "eu-central-1"}
	denials := archive_copied_to_its_own_region.deny with input as judged(copy)
	{[denial.path[5], denial.message] | some denial in denials} == {[
		"region",
		"the archive and its copy are both in eu-central-1",
	]}
}

test_a_folder_of_the_archive_of_a_cluster_is_denied if {
	copy := {"location": "s3://other/copies", "region": "eu-west-1"}
	denials := archive_copied_to_its_own_region.deny with input as judged(copy)
	{[denial.path[5], denial.message] | some denial in denials} == {[
		"location",
		"the copy of the archive is in s3://other/copies, where a cluster writes its backups",
	]}
}
