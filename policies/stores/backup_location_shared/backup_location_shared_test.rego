package stores.backup_location_shared_test

import data.stores.backup_location_shared
import rego.v1

places(mine, environment, cluster, theirs) := {
	"environment": {"name": "e"},
	"cluster": {"name": "b"},
	"unique": {
		"own": [{"purpose": "the backups' location", "value": mine, "path": ["b"]}],
		"holders": {"the backups' location": {theirs: [
			{"environment": "e", "cluster": "b", "path": ["b"]},
			{"environment": environment, "cluster": cluster, "path": ["a"]},
		]}},
	},
}

test_a_bucket_whose_name_begins_alike_is_another_one if {
	backup_location_shared.deny == set() with input as places("s3://bank", "e", "a", "s3://bank-b")
}

test_a_folder_of_the_others_bucket_is_denied_either_way_and_in_another_environment_too if {
	every case in [["s3://bank", "e", "s3://bank/b"], ["s3://bank/a", "f", "s3://bank"], ["s3://bank", "e", "s3://bank"]] {
		denials := backup_location_shared.deny with input as places(case[0], case[1], "a", case[2])
		{denial.message | some denial in denials} == {sprintf(
			"b writes its backups to '%s', and %s/a to '%s'",
			[case[0], case[1], case[2]],
		)}
	}
}

test_the_statement_of_another_cluster_is_named_where_its_environment_is_the_same if {
	every case in [["e", [["b"], ["a"]]], ["f", [["b"]]]] {
		denials := backup_location_shared.deny with input as places("s3://bank", case[0], "a", "s3://bank")
		{denial.places | some denial in denials} == {case[1]}
	}
}

test_of_two_clusters_of_one_environment_the_earlier_one_is_left_alone if {
	backup_location_shared.deny == set() with input as places("s3://bank", "e", "c", "s3://bank")
}
