package kubernetes.disk_out_of_range_test

import data.kubernetes.disk_out_of_range
import rego.v1

terabyte := 1099511627776

cluster(driver, size, iops, most) := {
	"spec": {"storage": {"database": {"size": {"max": most}}}},
	"documents": [
		{"file": "s.yaml", "object": {"kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": driver}},
		{"file": "v.yaml", "object": {
			"kind": "VolumeAttributesClass",
			"metadata": {"name": "faster"},
			"parameters": {"iops": iops, "throughput": "250"},
		}},
		{"file": "c.yaml", "object": {
			"kind": "Cluster",
			"metadata": {"name": "db", "namespace": "cbp-data"},
			"spec": {"storage": {
				"size": size,
				"storageClass": "fast",
				"pvcTemplate": {"volumeAttributesClassName": "faster"},
			}},
		}},
	],
}

messages(document) := {denial.message | some denial in denials} if {
	denials := disk_out_of_range.deny with input as document
}

test_a_small_disk_is_slow if {
	messages(cluster("ebs.csi.aws.com", 8589934592, "4000", terabyte)) == set()
	messages(cluster("ebs.csi.aws.com", 7516192768, "4000", terabyte)) == {
		"the storage of the Cluster db is 7GB, too small for 4000 operations per second: each GB has 500"
	}
	messages(cluster("ebs.csi.aws.com", 8589934592, "900", terabyte)) == {
		"the storage of the Cluster db has 900 operations per second, too few for 250 MiB per second: each takes 4"
	}
}

test_a_disk_has_a_least_and_a_largest_size_on_each_cloud if {
	messages(cluster("disk.csi.azure.com", 1048576, "4000", terabyte)) == {
		"the storage of the Cluster db is 1MB, and a disk has 1GB at least"
	}
	messages(cluster("disk.csi.azure.com", terabyte, "4000", 4 * terabyte)) == {
		"the storage of the Cluster db, once it has grown, is 4TB, and a disk has 4095GB at most"
	}
	messages(cluster("ebs.csi.aws.com", terabyte, "4000", 4 * terabyte)) == set()
}
