# METADATA
# title: The proxy refuses what the API admits
# description: >-
#   The API counts a client's requests over all replicas, and knows clients with limits of their own. A limit in one proxy
#   is there for floods alone: where it is stricter than the API's, a client is refused within the limits that it was
#   given.
# custom:
#   id: PRX002
#   severity: error
#   owner: platform
#   remediation: >-
#     Let each bucket of the proxy hold and gain at least as much as every bucket of the API that stands behind it, and
#     limit no clients together.
#   section: Infrastructure Scaling, 2. Load Management
package proxy.second_line_stricter

import data.lib.proxy
import rego.v1

minute := 60

kind := "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"

filters contains filter if {
	some manager in proxy.managers
	some index, each in manager.fields.http_filters
	each.typed_config["@type"] == kind
	filter := {"fields": each.typed_config, "pointer": sprintf("%s/http_filters/%d/typed_config", [manager.pointer, index])}
}

# Each bucket of the proxy with the requests of the API's limits that it has to admit: in a burst, and in a minute.
examined contains bucket if {
	some filter in filters
	some index, descriptor in filter.fields.descriptors
	some need in needs(descriptor)
	bucket := {
		"of": need.of,
		"burst": need.burst,
		"rate": need.rate,
		"holds": descriptor.token_bucket.max_tokens,
		"gains": descriptor.token_bucket.tokens_per_fill,
		"every": descriptor.token_bucket.fill_interval,
		"filter": filter,
		"pointer": sprintf("%s/descriptors/%d/token_bucket", [filter.pointer, index]),
	}
}

keys(descriptor) := {entry.key | some entry in descriptor.entries}

needs(descriptor) := of_clients if "token" in keys(descriptor)

needs(descriptor) := {of_address} if "without_token" in keys(descriptor)

of_clients contains need if {
	bucket := input.settings.throttling.client
	is_object(bucket)
	need := {"of": "a client", "burst": bucket.capacity, "rate": bucket.refill_per_minute}
}

of_clients contains need if {
	some item in object.get(input.settings.throttling, "clients", [])
	need := {"of": item.client, "burst": item.bucket.capacity, "rate": item.bucket.refill_per_minute}
}

# All connectors may send from one address. Each has the limit of a client or, where there is none, of an endpoint.
of_address := need if {
	address := input.settings.throttling.address
	connectors := count(object.get(input.environment, "connectors", []))
	each := [bucket |
		some scope in ["client", "endpoint", "address"]
		bucket := input.settings.throttling[scope]
		is_object(bucket)
	][0]
	need := {
		"of": "an address with every connector",
		"burst": address.capacity + (each.capacity * connectors),
		"rate": address.refill_per_minute + (each.refill_per_minute * connectors),
	}
}

deny contains denial if {
	some bucket in examined
	bucket.holds < bucket.burst
	denial := {
		"id": "PRX002",
		"message": sprintf(
			"the proxy admits %d requests of %s at once, and the API %d",
			[bucket.holds, bucket.of, bucket.burst],
		),
		"path": ["load_management", "throttling", "limits", "burst"],
		"file": input.proxy.file,
		"pointer": bucket.pointer,
	}
}

deny contains denial if {
	some bucket in examined
	bucket.gains * minute < bucket.rate * bucket.every
	denial := {
		"id": "PRX002",
		"message": sprintf(
			"the proxy admits %d requests of %s every %d seconds, and the API %d a minute",
			[bucket.gains, bucket.of, bucket.every, bucket.rate],
		),
		"path": ["load_management", "throttling", "limits", "default"],
		"file": input.proxy.file,
		"pointer": bucket.pointer,
	}
}

# A bucket outside of descriptors is everybody's.
deny contains denial if {
	some bucket in examined
	filter := bucket.filter
	object.get(filter.fields, "token_bucket", null) != null
	denial := {
		"id": "PRX002",
		"message": "the proxy limits all clients together, and the API each of them",
		"path": ["load_management", "throttling", "scope"],
		"file": input.proxy.file,
		"pointer": sprintf("%s/token_bucket", [filter.pointer]),
	}
}
