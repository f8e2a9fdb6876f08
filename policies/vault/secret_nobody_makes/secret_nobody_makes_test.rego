package vault.secret_nobody_makes_test

import data.vault.secret_nobody_makes
import rego.v1

object_of(kind, name, spec) := {"file": kind, "object": {
	"kind": kind,
	"metadata": {"name": name, "namespace": "n"},
	"spec": spec,
}}

secret(target) := object_of("ExternalSecret", "e", {"target": target, "data": [{"secretKey": "password"}]})

pod(volume) := object_of("Pod", "p", {"volumes": [{"secret": volume}]})

test_what_is_made_or_optional_or_an_operator_s_passes if {
	documents := [
		[pod({"secretName": "s"}), secret({"name": "s"})],
		[pod({"secretName": "s", "optional": true})],
		[pod({"secretName": "t"}), object_of("Certificate", "c", {"secretName": "t"})],
	]
	every rendered in documents {
		secret_nobody_makes.deny == set() with input as {"documents": rendered}
	}
}

test_a_mount_a_variable_a_role_and_a_cache_are_denied_at_their_places if {
	reference := {"name": "s", "key": "other"}
	rendered := [
		pod({"secretName": "t"}),
		object_of("Job", "j", {"template": {"spec": {"containers": [{
			"name": "c",
			"env": [{"name": "V", "valueFrom": {"secretKeyRef": reference}}],
		}]}}}),
		object_of("Cluster", "db", {"managed": {"roles": [{"name": "r", "passwordSecret": {"name": "s"}}]}}),
		object_of("RedisReplication", "r", {"kubernetesConfig": {"redisSecret": reference}}),
		secret({"name": "s"}),
	]
	denials := secret_nobody_makes.deny with input as {"documents": rendered}
	{[denial.file, denial.pointer] | some denial in denials} == {
		["Pod", "/spec/volumes/0/secret"],
		["Job", "/spec/template/spec/containers/0/env/0"],
		["Cluster", "/spec/managed/roles/0/passwordSecret"],
		["RedisReplication", "/spec/kubernetesConfig/redisSecret"],
	}
}

test_certificates_are_needed_under_the_names_by_which_they_are_read if {
	rendered := [
		object_of("Cluster", "db", {"certificates": {"serverTLSSecret": "t", "serverCASecret": "other"}}),
		object_of("RedisSentinel", "r", {"TLS": {"secret": {"secretName": "t"}, "ca": "ca.crt", "cert": "c", "key": "k"}}),
		object_of("Certificate", "c", {"secretName": "t"}),
	]
	denials := secret_nobody_makes.deny with input as {"documents": rendered}
	{[denial.file, denial.pointer] | some denial in denials} == {
		["Cluster", "/spec/certificates/serverCASecret"],
		["RedisSentinel", "/spec/TLS"],
	}
}

test_a_template_replaces_what_was_read if {
	role := object_of("Cluster", "db", {"managed": {"roles": [{"name": "r", "passwordSecret": {"name": "s"}}]}})
	whole := secret({"name": "s", "template": {"data": {"username": "u", "password": "p"}}})
	part := secret({"name": "s", "template": {"data": {"password": "p"}}})
	secret_nobody_makes.deny == set() with input as {"documents": [role, whole]}
	count(secret_nobody_makes.deny) == 1 with input as {"documents": [role, part]}
}
