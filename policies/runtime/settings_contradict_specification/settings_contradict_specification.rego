# METADATA
# title: The runtime enforces another number than the specification states
# description: >-
#   The runtime knows only its compiled settings. Each setting that the specification states outright is compared
#   with it, so that the reviewed number is the enforced one.
# custom:
#   id: RUN002
#   severity: error
#   owner: platform
#   remediation: Compile again with the same version of the compiler; if the finding stays, the compiler is at fault.
#   section: Resource Management, 2. Connection Management
package runtime.settings_contradict_specification

import data.lib.statements
import rego.v1

# From a setting's path to the path of the statement that it has to equal.
sources := {
	["process", "port"]: ["containers", "application", "health_check", "port"],
	["process", "health_path"]: ["containers", "application", "health_check", "path"],
	["process", "threads"]: ["limits", "threads", "worker"],
	["database", "pool_size"]: ["connections", "database", "pool_size"],
	["database", "partitions"]: ["components", "data_layer", "scaling", "strategy", "sharding"],
	["database", "connect_timeout_seconds"]: ["load_balancing", "database", "connection_timeout"],
	["database", "statement_timeout_seconds"]: ["connections", "database", "timeout"],
	["database", "idle_timeout_seconds"]: ["load_balancing", "database", "idle_timeout"],
	["throttling", "replicas"]: ["compute", "application_tier", "instances", "max"],
}

examined contains pair if {
	some setting, path in sources
	pair := {
		"setting": concat(".", setting),
		"compiled": object.get(input.settings, setting, null),
		"statement": statements.at(path),
	}
}

deny contains denial if {
	some pair in examined
	pair.compiled != pair.statement.value
	denial := {
		"id": "RUN002",
		"message": sprintf(
			"the setting %s is %v, but %s is %v",
			[pair.setting, pair.compiled, pair.statement.name, pair.statement.value],
		),
		"path": pair.statement.path,
	}
}
