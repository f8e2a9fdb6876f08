package stores.volume_cannot_grow_test

import data.stores.volume_cannot_grow
import rego.v1

class := {"file": "s.yaml", "object": {
	"kind": "StorageClass",
	"metadata": {"name": "data", "annotations": {"resize.topolvm.io/enabled": "true"}},
}}

database(spec) := {"documents": [class, {"file": "c.yaml", "object": {
	"kind": "Cluster",
	"metadata": {"name": "db"},
	"spec": spec,
}}]}

cluster(limit) := database({
	"storage": {"size": 1073741824, "storageClass": "data"},
	"inheritedMetadata": {"annotations": {"resize.topolvm.io/storage_limit": limit}},
})

test_a_limit_is_read_in_every_unit if {
	every limit in ["1073741825", "1048577Ki", "1025Mi", "2Gi", "1Ti"] {
		volume_cannot_grow.deny == set() with input as cluster(limit)
	}
}

test_a_limit_at_the_size_or_without_meaning_is_denied if {
	every limit in ["1Gi", "1073741824", "2GB", "much", ""] {
		denials := volume_cannot_grow.deny with input as cluster(limit)
		{denial.message | some denial in denials} == {sprintf(
			"the storage of db starts with 1GB and may grow to '%s'",
			[limit],
		)}
	}
}

test_the_log_does_not_grow_by_the_limit_of_the_data if {
	denials := volume_cannot_grow.deny with input as database({"walStorage": {"storageClass": "data"}})
	{denial.message | some denial in denials} == {"the log of db may grow as large as its data"}
}
