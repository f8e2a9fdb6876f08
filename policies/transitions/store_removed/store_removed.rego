# METADATA
# title: An object that holds data is removed or renamed
# description: >-
#   A store under another name, or of another engine, starts empty beside the data of the one that it replaces, and the
#   old one is deleted or left to nobody.
# custom:
#   id: TRN008
#   severity: error
#   owner: data
#   remediation: >-
#     Bring it back under its name. To replace a store, carry its data over first, and acknowledge the transition
#     (docs/transitions.md).
#   section: System Components, 1. Architecture Components
#   waivable: false
package transitions.store_removed

import data.lib.transitions
import rego.v1

# The kinds that hold data, each with the statement that it is rendered from.
stores := {
	"Cluster": ["storage", "database", "type"],
	"RedisReplication": ["storage", "cache", "type"],
	"PersistentVolumeClaim": ["storage"],
	"StatefulSet": ["storage"],
	"Namespace": ["network", "segmentation", "zones"],
}

examined contains item if {
	some item in transitions.pairs | transitions.gone
	stores[item.kind]
}

deny contains denial if {
	some item in examined
	count(transitions.gone & {item}) == 1
	denial := {
		"id": "TRN008",
		"message": sprintf("%s %s is gone, which held data", [item.kind, item.name]),
		"path": stores[item.kind],
		"file": item.file,
		"before": sprintf("%s %s", [item.kind, item.name]),
		"after": "removed",
	}
}
