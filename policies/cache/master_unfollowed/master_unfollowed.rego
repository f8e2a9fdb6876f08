# METADATA
# title: A client of the cache does not follow a failover
# description: >-
#   The Service of the primary leads to another server only when the operator has noticed a failover and moved a label.
#   A client that asks the sentinels knows it within a second, but only if it asks all of them, for the name under which
#   they watch the primary. They answer with addresses: the client verifies a server by the host of its own URL, which
#   the certificate of the servers has to hold.
# custom:
#   id: CAC008
#   severity: error
#   owner: reliability
#   remediation: >-
#     Render CBP_REDIS_SENTINELS with every sentinel, CBP_REDIS_MASTER_NAME with their masterGroupName, and CBP_REDIS_URL
#     with a name of the servers' certificate.
#   section: High Availability, 1. Redundancy
package cache.master_unfollowed

import data.lib.kubernetes
import rego.v1

port := 26379

examined contains client if {
	some container in kubernetes.containers
	variables := {variable.name: object.get(variable, "value", "") |
		some variable in object.get(container.fields, "env", [])
	}
	client := {
		"container": container,
		"host": host(variables.CBP_REDIS_URL),
		"asked": {address | some address in split(object.get(variables, "CBP_REDIS_SENTINELS", ""), ",")},
		"master": object.get(variables, "CBP_REDIS_MASTER_NAME", ""),
	}
}

# groups holds what a client has to know of each group of sentinels: their addresses, the name of the primary, and the
# names that the certificate of the servers holds.
groups contains group if {
	some item in kubernetes.objects
	item.kind == "RedisSentinel"
	set := sprintf("%s-sentinel", [item.name])
	group := {
		"sentinels": {sprintf("%s-%d.%s-headless.%s.svc:%d", [set, index, set, item.namespace, port]) |
			some index in numbers.range(0, object.get(item.spec, "clusterSize", 1) - 1)
		},
		"master": item.spec.redisSentinelConfig.masterGroupName,
		"hosts": {name |
			some servers in kubernetes.of("RedisReplication", item.namespace)
			servers.name == item.spec.redisSentinelConfig.redisReplicationName
			some certificate in kubernetes.of("Certificate", item.namespace)
			certificate.spec.secretName == servers.spec.TLS.secret.secretName
			some name in certificate.spec.dnsNames
		},
	}
}

follows(client) if {
	some group in groups
	client.asked == group.sentinels
	client.master == group.master
	client.host in group.hosts
}

deny contains denial if {
	count(groups) > 0
	some client in examined
	not follows(client)
	denial := {
		"id": "CAC008",
		"message": sprintf(
			"%s connects to %s and asks %s for the primary of %s: no sentinels watch it so",
			[client.container.name, client.host, asked(client), named(client)],
		),
		"path": ["redundancy", "application", "failover"],
		"file": client.container.file,
		"pointer": kubernetes.at(client.container, "env"),
	}
}

# host returns the host of a URL.
host(url) := split(last, ":")[0] if {
	authority := split(split(url, "://")[1], "/")[0]
	parts := split(authority, "@")
	last := parts[count(parts) - 1]
}

asked(client) := "nobody" if client.asked == {""}

asked(client) := concat(", ", sort(client.asked)) if client.asked != {""}

named(client) := "no name" if client.master == ""

named(client) := client.master if client.master != ""
