# METADATA
# title: A container has no proper requests and limits
# description: >-
#   Without a request the scheduler overfills nodes; without a limit one leak takes the node down; the API server
#   refuses a request above its limit, and is the first to refuse a quantity that cannot be read, such as 4GB.
# custom:
#   id: K8S001
#   severity: error
#   owner: platform
#   remediation: Give the container requests and limits for cpu and memory, each request within its limit.
#   section: Deployment Configuration, 1. Container Configuration
package kubernetes.container_resources_unbounded

import data.lib.kubernetes
import data.lib.units
import rego.v1

examined contains amount if {
	some container in kubernetes.containers
	some resource in ["cpu", "memory"]
	resources := object.get(container.fields, "resources", {})
	amount := {
		"container": container,
		"resource": resource,
		"requests": object.get(resources, ["requests", resource], null),
		"limits": object.get(resources, ["limits", resource], null),
	}
}

bounded(value) if {
	is_number(value)
	value > 0
}

complaint(kind, resource, value) := sprintf("has no %s for %s", [kind, resource]) if value == null

complaint(kind, resource, value) := message if {
	value != null
	message := sprintf("has %s for %s that are no amount, '%v'", [kind, resource, value])
}

deny contains denial if {
	some amount in examined
	some kind in ["requests", "limits"]
	value := amount[kind]
	not bounded(value)
	denial := {
		"id": "K8S001",
		"message": sprintf(
			"the container %s %s",
			[amount.container.name, complaint(kind, amount.resource, value)],
		),
		"path": amount.container.path,
		"file": amount.container.file,
		"pointer": sprintf("%s/%s/%s", [kubernetes.at(amount.container, "resources"), kind, amount.resource]),
	}
}

deny contains denial if {
	some amount in examined
	is_number(amount.requests)
	is_number(amount.limits)
	amount.requests > amount.limits
	denial := {
		"id": "K8S001",
		"message": sprintf(
			"the container %s requests more %s (%s) than its limit (%s)",
			[
				amount.container.name,
				amount.resource,
				units.resource(amount.resource, amount.requests),
				units.resource(amount.resource, amount.limits),
			],
		),
		"path": amount.container.path,
		"file": amount.container.file,
		"pointer": sprintf("%s/requests/%s", [kubernetes.at(amount.container, "resources"), amount.resource]),
	}
}
