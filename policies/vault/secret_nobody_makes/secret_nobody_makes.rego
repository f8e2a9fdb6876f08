# METADATA
# title: A Secret is used that nothing creates
# description: >-
#   A pod that mounts a Secret which does not exist waits for ever, and a role of the database without its password
#   is silently left out.
# custom:
#   id: VLT010
#   severity: error
#   owner: security
#   remediation: Render an ExternalSecret for it in the namespace of its user, with the key that is read.
#   section: Infrastructure Security, 2. Access Control
package vault.secret_nobody_makes

import data.lib.kubernetes
import rego.v1

examined contains use if {
	some pod in kubernetes.pods
	some index, volume in object.get(pod.spec, "volumes", [])
	name := volume.secret.secretName
	object.get(volume.secret, "optional", false) == false
	at := sprintf("%s/volumes/%d/secret", [pod.pointer, index])
	use := {"user": pod.name, "file": pod.file, "namespace": pod.namespace, "name": name, "keys": set(), "at": at}
}

examined contains use if {
	some container in kubernetes.containers
	some index, variable in object.get(container.fields, "env", [])
	reference := variable.valueFrom.secretKeyRef
	use := {
		"user": container.name,
		"file": container.file,
		"namespace": container.namespace,
		"name": reference.name,
		"keys": {reference.key},
		"at": sprintf("%s/env/%d", [container.pointer, index]),
	}
}

examined contains use if {
	some item in kubernetes.objects
	item.kind == "Cluster"
	some index, role in item.spec.managed.roles
	use := {
		"user": item.name,
		"file": item.file,
		"namespace": item.namespace,
		"name": role.passwordSecret.name,
		"keys": {"username", "password"},
		"at": sprintf("/spec/managed/roles/%d/passwordSecret", [index]),
	}
}

examined contains use if {
	some item in kubernetes.objects
	reference := item.spec.kubernetesConfig.redisSecret
	use := {
		"user": item.name,
		"file": item.file,
		"namespace": item.namespace,
		"name": reference.name,
		"keys": {reference.key},
		"at": "/spec/kubernetesConfig/redisSecret",
	}
}

examined contains use if {
	some item in kubernetes.objects
	item.kind == "Cluster"
	some field, read in {"serverCASecret": {"ca.crt"}, "serverTLSSecret": {"tls.crt", "tls.key"}}
	use := {
		"user": item.name,
		"file": item.file,
		"namespace": item.namespace,
		"name": item.spec.certificates[field],
		"keys": read,
		"at": sprintf("/spec/certificates/%s", [field]),
	}
}

examined contains use if {
	some item in kubernetes.objects
	tls := item.spec.TLS
	use := {
		"user": item.name,
		"file": item.file,
		"namespace": item.namespace,
		"name": tls.secret.secretName,
		"keys": {tls.ca, tls.cert, tls.key},
		"at": "/spec/TLS",
	}
}

# A template with data replaces what was read: https://external-secrets.io/latest/guides/templating/
template(item) := object.get(item.spec.target, ["template", "data"], {})

keys(item) := {key | some key, _ in template(item)} if count(template(item)) > 0

keys(item) := {entry.secretKey | some entry in item.spec.data} if count(template(item)) == 0

made(use) if {
	some item in kubernetes.of("ExternalSecret", use.namespace)
	item.spec.target.name == use.name
	count(use.keys - keys(item)) == 0
}

# cert-manager makes these of a Certificate.
made(use) if {
	some item in kubernetes.of("Certificate", use.namespace)
	item.spec.secretName == use.name
	count(use.keys - {"ca.crt", "tls.crt", "tls.key"}) == 0
}

deny contains denial if {
	some use in examined
	not made(use)
	denial := {
		"id": "VLT010",
		"message": sprintf("%s needs the Secret %s, which nothing makes as it is read", [use.user, use.name]),
		"path": ["access_control", "secrets", "storage"],
		"file": use.file,
		"pointer": use.at,
	}
}
