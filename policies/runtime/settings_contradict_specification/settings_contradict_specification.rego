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
import data.lib.stores
import rego.v1

# From a setting's path to the path of the statement that it has to equal.
sources := {
	["process", "port"]: ["containers", "application", "health_check", "port"],
	["process", "health_path"]: ["containers", "application", "health_check", "path"],
	["process", "threads"]: ["limits", "threads", "worker"],
	["database", "partitions"]: ["components", "data_layer", "scaling", "strategy", "sharding"],
	["database", "connect_timeout_seconds"]: ["load_balancing", "database", "connection_timeout"],
	["database", "statement_timeout_seconds"]: ["connections", "database", "timeout"],
	["database", "idle_timeout_seconds"]: ["load_balancing", "database", "idle_timeout"],
	["database", "stale_seconds"]: ["recovery", "rpo", "target"],
	["external_services", "timeout_seconds"]: ["connections", "external_services", "timeout"],
	["monitors", "memory", "levels", "warning_percent"]: ["limits", "memory", "monitoring", "warning"],
	["monitors", "memory", "levels", "critical_percent"]: ["limits", "memory", "monitoring", "critical"],
	["monitors", "threads", "warning_percent"]: ["limits", "threads", "monitoring", "warning"],
	["monitors", "threads", "critical_percent"]: ["limits", "threads", "monitoring", "critical"],
	["monitors", "connections", "warning_percent"]: ["limits", "connections", "monitoring", "warning"],
	["monitors", "connections", "critical_percent"]: ["limits", "connections", "monitoring", "critical"],
	["monitors", "memory", "container_bytes"]: ["containers", "application", "resource_limits", "memory"],
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

# A worker's connections are divided between changes and reads, with one for each at least.
examined contains pair if {
	statement := statements.at(["connections", "database", "pool_size"])
	pair := {
		"setting": "database.pool_size + database.read_pool_size",
		"compiled": input.settings.database.pool_size + input.settings.database.read_pool_size,
		"statement": object.union(statement, {"value": max([2, statement.value])}),
	}
}

# Its connections to external services are divided between issuers and integrations, with one for each at least.
examined contains pair if {
	statement := statements.at(["connections", "external_services", "pool_size"])
	external := input.settings.external_services
	pair := {
		"setting": "external_services.issuers.pool_size + external_services.integrations.pool_size",
		"compiled": external.issuers.pool_size + external.integrations.pool_size,
		"statement": object.union(statement, {"value": max([2, statement.value])}),
	}
}

# The API describes itself where that is one of its features, and only there.
examined contains pair if {
	statement := statements.at(["components", "api_layer", "features"])
	pair := {
		"setting": "api.documentation",
		"compiled": object.get(input.settings, ["api", "documentation"], null),
		"statement": object.union(statement, {"value": "OpenAPI/Swagger documentation" in statement.value}),
	}
}

# Only a standby that has confirmed every commit is promoted where a commit waits for one, and only there.
examined contains pair if {
	statement := statements.at(["redundancy", "data", "replication"])
	lossless := "Synchronous primary" in statement.value
	pair := {
		"setting": "database.lossless_failover",
		"compiled": object.get(input.settings, ["database", "lossless_failover"], null),
		"statement": object.union(statement, {"value": lossless}),
	}
}

# History is kept for whole days.
examined contains pair if {
	statement := statements.at(["backup", "configuration", "retention"])
	pair := {
		"setting": "database.events_retention_days",
		"compiled": object.get(input.settings, ["database", "events_retention_days"], null),
		"statement": object.union(statement, {"value": stores.ceiling(statement.value, day_seconds)}),
	}
}

day_seconds := 86400

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
