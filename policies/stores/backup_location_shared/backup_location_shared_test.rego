package stores.backup_location_shared_test

import data.stores.backup_location_shared
import rego.v1

clusters(one, other) := {"environment": {"clusters": {
	"a": {"backups": {"location": one}},
	"b": {"backups": {"location": other}},
}}}

test_a_bucket_whose_name_begins_alike_is_another_one if {
	backup_location_shared.deny == set() with input as clusters("s3://bank", "s3://bank-b")
}

test_a_folder_of_the_others_bucket_is_denied_either_way if {
	every pair in [["s3://bank", "s3://bank/b"], ["s3://bank/a", "s3://bank"], ["s3://bank", "s3://bank"]] {
		denials := backup_location_shared.deny with input as clusters(pair[0], pair[1])
		{denial.message | some denial in denials} == {sprintf(
			"b writes its backups to '%s', and a to '%s'",
			[pair[1], pair[0]],
		)}
	}
}
