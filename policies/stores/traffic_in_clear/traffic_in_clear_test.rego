package stores.traffic_in_clear_test

import data.stores.traffic_in_clear
import rego.v1

client(value) := {"documents": [{"file": "p.yaml", "object": {
	"kind": "Pod",
	"metadata": {"name": "p", "namespace": "n"},
	"spec": {"containers": [{"name": "c", "env": [{"name": "URL", "value": value}]}]},
}}]}

test_verified_addresses_pass if {
	every address in [
		"postgresql://u@h:5432/d?sslmode=verify-full&sslrootcert=/ca.crt",
		"postgres://u@h/d?sslrootcert=/ca.crt&sslmode=verify-full",
		"rediss://h:6379/0?ssl_ca_certs=/ca.crt",
		"https://h",
	] {
		traffic_in_clear.deny == set() with input as client(address)
	}
}

test_addresses_in_clear_or_unverified_are_denied if {
	every address in [
		"postgresql://u@h:5432/d",
		"postgresql://u@h:5432/d?sslmode=require&sslrootcert=/ca.crt",
		"postgresql://u@h:5432/d?sslmode=verify-full",
		"redis://h:6379/0?ssl_ca_certs=/ca.crt",
		"rediss://h:6379/0",
	] {
		denials := traffic_in_clear.deny with input as client(address)
		{[denial.message, denial.pointer] | some denial in denials} == {[
			"URL does without TLS that is verified",
			"/spec/containers/0/env/0",
		]}
	}
}
