package stores.replicas_unread_test

import data.stores.replicas_unread
import rego.v1

pooler := {"file": "p.yaml", "object": {
	"kind": "Pooler",
	"metadata": {"name": "ro", "namespace": "data"},
	"spec": {"type": "ro"},
}}

deployment(host) := {"file": "d.yaml", "object": {
	"kind": "Deployment",
	"metadata": {"name": "d"},
	"spec": {"template": {"spec": {"containers": [{"name": "c", "env": [{
		"name": "CBP_DATABASE_READ_URL",
		"value": sprintf("postgresql://api@%s:5432/c", [host]),
	}]}]}}},
}}

said(documents) := {denial.message | some denial in denials} if {
	denials := replicas_unread.deny with input as {"documents": documents}
}

test_where_both_agree_there_is_nothing_to_say if {
	said([pooler, deployment("ro.data.svc")]) == set()
	said([]) == set()
}

test_each_side_alone_is_a_mistake if {
	said([pooler]) == {"no pod is told to read from the pooler ro"}
	said([deployment("rw.data.svc")]) == {"CBP_DATABASE_READ_URL names rw.data.svc, which is no pooler of replicas"}
}
