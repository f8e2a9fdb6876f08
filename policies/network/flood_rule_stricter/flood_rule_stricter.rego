# METADATA
# title: The firewall refuses what the API admits
# description: >-
#   The firewall counts requests by their address, and the API by its clients, of which several may come from one
#   address. A limit at the edge is there for floods alone: where it is stricter than the API's, clients are refused
#   within the limits that they were given.
# custom:
#   id: NET019
#   severity: error
#   owner: platform
#   remediation: >-
#     Let the rate rule admit at least what the API admits of all clients that one address may stand for, and count each
#     address alone.
#   section: Infrastructure Security, 1. Network Security
package network.flood_rule_stricter

import rego.v1

minute := 60

# AWS WAF counts in windows of five minutes unless it is told another one.
unless_stated := 300

examined contains limit if {
	some document in input.documents
	document.object.kind == "WebACL"
	some index, rule in document.object.spec.rules
	fields := rule.statement.rateBasedStatement
	limit := {
		"file": document.file,
		"name": rule.name,
		"holds": fields.limit,
		"window": object.get(fields, "evaluationWindowSec", unless_stated),
		"by": object.get(fields, "aggregateKeyType", "IP"),
		"pointer": sprintf("/spec/rules/%d/statement/rateBasedStatement", [index]),
	}
}

throttling := input.settings.throttling

within(bucket, seconds) := bucket.capacity + ((bucket.refill_per_minute * seconds) / minute)

of_clients contains bucket if {
	some scope in ["client", "endpoint"]
	bucket := throttling[scope]
	is_object(bucket)
}

of_clients contains bucket if {
	some item in object.get(throttling, "clients", [])
	bucket := item.bucket
}

# Each connector has the limit of a client or, where there is none, of an endpoint.
of_connector := each if {
	each := [bucket |
		some scope in ["client", "endpoint", "address"]
		bucket := throttling[scope]
		is_object(bucket)
	][0]
}

clients := input.environment.throttling.clients_of_an_address

connectors := count(object.get(input.environment, "connectors", []))

admitted(seconds) := total if {
	of_a_client := max({within(bucket, seconds) | some bucket in of_clients} | {0})
	own := clients * of_a_client
	total := (within(throttling.address, seconds) + own) + (connectors * within(of_connector, seconds))
}

deny contains denial if {
	some limit in examined
	needed := admitted(limit.window)
	limit.holds < needed
	denial := {
		"id": "NET019",
		"message": sprintf(
			"the rule %s admits %v requests of an address in %v seconds, and the API %v",
			[limit.name, limit.holds, limit.window, needed],
		),
		"path": ["load_management", "throttling", "limits", "burst"],
		"file": limit.file,
		"pointer": sprintf("%s/limit", [limit.pointer]),
	}
}

deny contains denial if {
	some limit in examined
	limit.by != "IP"
	denial := {
		"id": "NET019",
		"message": sprintf("the rule %s counts by %s, and not each address alone", [limit.name, limit.by]),
		"path": ["load_management", "throttling", "scope"],
		"file": limit.file,
		"pointer": sprintf("%s/aggregateKeyType", [limit.pointer]),
	}
}
