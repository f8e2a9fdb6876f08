# METADATA
# title: A volume is asked for that no disk can be
# description: >-
#   The cloud refuses a disk that is too small, too large, or too fast for its size. The claim waits for it, and the pod
#   for the claim; one that grows into the limit stays full.
# custom:
#   id: K8S036
#   severity: error
#   owner: platform
#   remediation: State a size within the bounds that the finding names.
#   section: Storage Resources, 1. Database Storage
package kubernetes.disk_out_of_range

import data.lib.kubernetes
import data.lib.units
import data.thresholds
import rego.v1

gibibyte := 1073741824

# volumes holds every size that a volume has, or may grow to, with its classes and the statement that it follows.
volumes contains volume if {
	some item in kubernetes.of("Cluster", "cbp-data")
	some name, path in {"storage": ["size", "initial"], "walStorage": ["size", "max"]}
	size := object.get(item.spec, [name, "size"], null)
	is_number(size)
	volume := {
		"name": sprintf("%s of the Cluster %s", [name, item.name]),
		"size": size,
		"class": object.get(item.spec, [name, "storageClass"], ""),
		"attributes": object.get(item.spec, [name, "pvcTemplate", "volumeAttributesClassName"], ""),
		"path": array.concat(["storage", "database"], path),
		"file": item.file,
	}
}

volumes contains volume if {
	some item in kubernetes.of("Cluster", "cbp-data")
	volume := {
		"name": sprintf("storage of the Cluster %s, once it has grown,", [item.name]),
		"size": input.spec.storage.database.size.max,
		"class": object.get(item.spec, ["storage", "storageClass"], ""),
		"attributes": "",
		"path": ["storage", "database", "size", "max"],
		"file": item.file,
	}
}

volumes contains volume if {
	some item in kubernetes.of("RedisReplication", "cbp-data")
	claim := object.get(item.spec, ["storage", "volumeClaimTemplate", "spec"], {})
	some end in ["initial", "max"]
	volume := {
		"name": sprintf("%s volume of the RedisReplication %s", [end, item.name]),
		"size": input.spec.storage.cache.size[end],
		"class": claim.storageClassName,
		"attributes": object.get(claim, "volumeAttributesClassName", ""),
		"path": ["storage", "cache", "size", end],
		"file": item.file,
	}
}

examined contains volume if {
	some found in volumes
	some document in input.documents
	document.object.kind == "StorageClass"
	document.object.metadata.name == found.class
	volume := object.union(found, {"disk": thresholds.disks[document.object.provisioner]})
}

speeds contains speed if {
	some volume in examined
	some document in input.documents
	document.object.kind == "VolumeAttributesClass"
	document.object.metadata.name == volume.attributes
	speed := {
		"volume": volume,
		"operations": to_number(document.object.parameters.iops),
		"mebibytes": to_number(document.object.parameters.throughput),
	}
}

deny contains denial if {
	some volume in examined
	volume.size < volume.disk.least
	denial := object.union(at(volume), {"excess": volume.disk.least - volume.size, "message": sprintf(
		"the %s is %s, and a disk has %s at least",
		[volume.name, units.bytes(volume.size), units.bytes(volume.disk.least)],
	)})
}

deny contains denial if {
	some volume in examined
	volume.size > volume.disk.most
	denial := object.union(at(volume), {"excess": volume.size - volume.disk.most, "message": sprintf(
		"the %s is %s, and a disk has %s at most",
		[volume.name, units.bytes(volume.size), units.bytes(volume.disk.most)],
	)})
}

deny contains denial if {
	some volume in examined
	some speed in speeds
	speed.volume == volume
	needed := (speed.operations * gibibyte) / volume.disk.operations_per_gibibyte
	volume.size < needed
	denial := object.union(at(volume), {"message": sprintf(
		"the %s is %s, too small for %d operations per second: each GB has %d",
		[volume.name, units.bytes(volume.size), speed.operations, volume.disk.operations_per_gibibyte],
	)})
}

deny contains denial if {
	some volume in examined
	some speed in speeds
	speed.volume == volume
	speed.mebibytes * volume.disk.operations_per_mebibyte > speed.operations
	denial := object.union(at(volume), {"message": sprintf(
		"the %s has %d operations per second, too few for %d MiB per second: each takes %d",
		[volume.name, speed.operations, speed.mebibytes, volume.disk.operations_per_mebibyte],
	)})
}

at(volume) := {"id": "K8S036", "path": volume.path, "places": [volume.path], "file": volume.file}
