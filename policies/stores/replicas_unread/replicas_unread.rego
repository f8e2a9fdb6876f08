# METADATA
# title: Replicas are kept for reads, and no pod sends them any
# description: >-
#   The API sends reads to replicas where a variable of its pods names their pooler. Without it, every read loads the
#   primary, and the replicas beyond the quorum do nothing; an address of anything else may be one that takes changes.
# custom:
#   id: STO019
#   severity: error
#   owner: data
#   remediation: Let CBP_DATABASE_READ_URL of the API's pods name the Pooler of type ro, or render no such Pooler.
#   section: System Components, 1. Architecture Components
package stores.replicas_unread

import data.lib.stores
import rego.v1

variable := "CBP_DATABASE_READ_URL"

readers contains item if {
	some pooler in stores.poolers
	item := pooler.item
	object.get(item.spec, "type", "rw") == "ro"
}

reads contains login if {
	some login in stores.logins
	login.variable == variable
}

examined contains side if {
	some item in readers
	side := {
		"matches": {login | some login in reads; login.host == host(item)},
		"message": sprintf("no pod is told to read from the pooler %s", [item.name]),
		"file": item.file,
		"pointer": "/spec/type",
	}
}

examined contains side if {
	some login in reads
	side := {
		"matches": {item | some item in readers; login.host == host(item)},
		"message": sprintf("%s names %s, which is no pooler of replicas", [variable, login.host]),
		"file": login.file,
		"pointer": login.pointer,
	}
}

host(item) := sprintf("%s.%s.svc", [item.name, item.namespace])

deny contains denial if {
	some side in examined
	count(side.matches) == 0
	denial := {
		"id": "STO019",
		"message": side.message,
		"path": ["components", "data_layer", "scaling", "strategy", "read_replicas"],
		"file": side.file,
		"pointer": side.pointer,
	}
}
