# METADATA
# title: An object is in a namespace that is not rendered
# description: >-
#   In a namespace that is not rendered these policies see no quota, no default denial and no Pod Security. A
#   namespaced object without a namespace goes into the current one of the person who applies it.
# custom:
#   id: K8S019
#   severity: error
#   owner: security
#   remediation: Put the object into one of the rendered namespaces.
#   section: Infrastructure Security, 1. Network Security
package kubernetes.namespace_absent

import data.lib.kubernetes
import rego.v1

cluster_scoped := {
	"ClusterRole",
	"ClusterRoleBinding",
	"CustomResourceDefinition",
	"Namespace",
	"PriorityClass",
	"StorageClass",
	"ValidatingAdmissionPolicy",
	"ValidatingAdmissionPolicyBinding",
	"VolumeAttributesClass",
	"VolumeSnapshotClass",
}

examined contains item if {
	some item in kubernetes.objects
	count({item.kind} & cluster_scoped) == 0
}

namespaces contains name if {
	some item in kubernetes.objects
	item.kind == "Namespace"
	name := item.name
}

deny contains denial if {
	some item in examined
	count({item.namespace} & namespaces) == 0
	denial := {
		"id": "K8S019",
		"message": sprintf(
			"the %s %s is in the namespace '%s', which is not rendered",
			[item.kind, item.name, item.namespace],
		),
		"path": ["network", "segmentation", "zones"],
		"file": item.file,
		"pointer": "/metadata/namespace",
	}
}
