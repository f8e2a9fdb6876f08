package network.egress_unused_test

import data.network.egress_unused
import rego.v1

document(kind, name, body) := {
	"file": sprintf("%s.yaml", [name]),
	"object": object.union({"kind": kind, "metadata": {"name": name, "namespace": "n"}}, body),
}

workload(spec) := document("Deployment", "api", {"spec": {"template": {
	"metadata": {"labels": {"app": "api"}},
	"spec": spec,
}}})

settings(text) := document("ConfigMap", "settings", {"data": {"settings.json": text}})

policy(range) := document("NetworkPolicy", "egress", {"spec": {
	"podSelector": {"matchLabels": {"app": "api"}},
	"egress": [{"to": [{"ipBlock": {"cidr": range}}], "ports": [{"port": 443}]}],
}})

judged(documents) := {
	"environment": {"addresses": {}, "sign_in": {"issuer": "https://sso.bank.example"}},
	"cluster": {
		"name": "c",
		"addresses": {"vault": ["10.0.0.0/28"], "kubernetes_api": ["10.0.1.0/28"]},
		"backups": {"location": "s3://archive"},
		"vault": {"address": "https://vault.bank.example"},
	},
	"documents": documents,
}

token := {"volumes": [{"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]}

test_a_token_of_the_cluster_is_for_the_api_server if {
	every spec in [token, {"automountServiceAccountToken": true}] {
		egress_unused.deny == set() with input as judged([workload(spec), policy("10.0.1.0/28")])
	}
}

test_without_a_token_the_api_server_is_of_no_use if {
	denials := egress_unused.deny with input as judged([workload({"containers": []}), policy("10.0.1.0/28")])
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/egress/0/to/0",
		"the pods of the Deployment api reach kubernetes_api, and have nothing to call it with",
	]}
}

test_an_address_in_the_mounted_settings_is_called if {
	spec := {"volumes": [{"configMap": {"name": "settings"}}]}
	documents := [workload(spec), settings("vault at https://vault.bank.example:8200"), policy("10.0.0.0/28")]
	egress_unused.deny == set() with input as judged(documents)
}

test_an_address_in_settings_of_others_is_not if {
	documents := [workload(token), settings("https://vault.bank.example"), policy("10.0.0.0/28")]
	denials := egress_unused.deny with input as judged(documents)
	{denial.message | some denial in denials} == {
		"the pods of the Deployment api reach vault, and have nothing to call it with"
	}
}

test_a_bucket_of_anchors_is_called_by_its_name if {
	held := {"name": "c", "addresses": {"object_store": ["10.0.2.0/28"]}, "anchors": {"location": "s3://anchors/folder"}}
	every case in [["https://anchors.s3.amazonaws.com/folder", 0], ["https://other.s3.amazonaws.com/folder", 1]] {
		documents := [workload({"containers": [{"name": "c", "env": [{"value": case[0]}]}]}), policy("10.0.2.0/28")]
		given := judged(documents)
		seen := object.union(given, {"cluster": object.union(given.cluster, held)})
		count(egress_unused.deny) == case[1] with input as seen
	}
}
