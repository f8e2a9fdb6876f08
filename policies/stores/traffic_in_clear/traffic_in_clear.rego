# METADATA
# title: A store is reached without verified TLS
# description: >-
#   Passwords and the bank's configuration cross the cluster's network. Without TLS any node on the way can read
#   them; with TLS that does not verify the server, so can a server that poses as the store.
# custom:
#   id: STO013
#   severity: error
#   owner: security
#   remediation: Give the store a certificate of the cluster's authority, and have clients verify it by that authority.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package stores.traffic_in_clear

import data.lib.kubernetes
import rego.v1

fields := {
	"Cluster": [["certificates", "serverTLSSecret"], ["certificates", "serverCASecret"]],
	"RedisReplication": [["TLS", "secret", "secretName"], ["TLS", "ca"]],
	"RedisSentinel": [["TLS", "secret", "secretName"], ["TLS", "ca"]],
}

statements := {
	"Cluster": ["storage", "database", "type"],
	"RedisReplication": ["storage", "cache", "type"],
	"RedisSentinel": ["storage", "cache", "type"],
}

examined contains use if {
	some item in kubernetes.objects
	some field in fields[item.kind]
	use := {
		"user": item.name,
		"file": item.file,
		"pointer": "/spec",
		"path": statements[item.kind],
		"said": object.get(item.spec, field, ""),
		"shape": `.`,
	}
}

# What a client is told of a server's address, by the scheme of the address.
shapes := {
	`^postgres(ql)?:`: `[?&]sslmode=verify-full(&.*)?&sslrootcert=/|[?&]sslrootcert=/.*&sslmode=verify-full(&|$)`,
	`^rediss?:`: `^rediss:.*[?&]ssl_ca_certs=/`,
}

examined contains use if {
	some container in kubernetes.containers
	some index, variable in object.get(container.fields, "env", [])
	some scheme, shape in shapes
	value := object.get(variable, "value", "")
	regex.match(scheme, value)
	use := {
		"user": variable.name,
		"file": container.file,
		"pointer": sprintf("%s/env/%d", [container.pointer, index]),
		"path": container.path,
		"said": value,
		"shape": shape,
	}
}

verified(use) if {
	is_string(use.said)
	regex.match(use.shape, use.said)
}

deny contains denial if {
	some use in examined
	not verified(use)
	denial := {
		"id": "STO013",
		"message": sprintf("%s does without TLS that is verified", [use.user]),
		"path": use.path,
		"file": use.file,
		"pointer": use.pointer,
	}
}
