# METADATA
# title: An amount of storage or memory cannot be read
# description: >-
#   The schemas of custom resources take any text for a quantity, and that of Kubernetes any number. 10GB, or a
#   negative size, is refused by the API server in the middle of a roll-out, or by the operator, in its log, after it.
# custom:
#   id: K8S027
#   severity: error
#   owner: platform
#   remediation: Write the amount as a positive quantity of Kubernetes, as 10Gi.
#   section: Storage Resources, 1. Database Storage
package kubernetes.amount_unreadable

import data.lib.kubernetes
import rego.v1

# Where objects have sizes of volumes; what containers ask for has a rule of its own.
sizes := {
	"Cluster": [["storage", "size"], ["walStorage", "size"]],
	"PersistentVolumeClaim": [["resources", "requests", "storage"]],
	"RedisReplication": [["storage", "volumeClaimTemplate", "spec", "resources", "requests", "storage"]],
}

examined contains amount if {
	some item in kubernetes.objects
	some path in sizes[item.kind]
	value := object.get(item.spec, path, null)
	value != null
	amount := {"file": item.file, "name": item.name, "value": value, "pointer": concat("/", ["/spec", concat("/", path)])}
}

examined contains amount if {
	some pod in kubernetes.pods
	some index, volume in object.get(pod.spec, "volumes", [])
	value := volume.emptyDir.sizeLimit
	pointer := sprintf("%s/volumes/%d/emptyDir/sizeLimit", [pod.pointer, index])
	amount := {"file": pod.file, "name": pod.name, "value": value, "pointer": pointer}
}

readable(amount) if {
	is_number(amount.value)
	amount.value > 0
}

deny contains denial if {
	some amount in examined
	not readable(amount)
	denial := {
		"id": "K8S027",
		"message": sprintf("%s has '%v', which is no positive amount", [amount.name, amount.value]),
		"path": ["storage"],
		"file": amount.file,
		"pointer": amount.pointer,
	}
}
