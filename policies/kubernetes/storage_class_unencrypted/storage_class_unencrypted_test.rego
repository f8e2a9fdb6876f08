package kubernetes.storage_class_unencrypted_test

import data.kubernetes.storage_class_unencrypted
import rego.v1

class(driver) := {"kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": driver}

test_a_class_without_parameters_is_denied if {
	documents := [{"file": "c.yaml", "object": class("ebs.csi.aws.com")}]
	denials := storage_class_unencrypted.deny with input as {"documents": documents}
	{denial.message | some denial in denials} == {"disks of the storage class fast are not encrypted"}
}

test_azure_encrypts_every_disk if {
	documents := [{"file": "c.yaml", "object": class("disk.csi.azure.com")}]
	storage_class_unencrypted.examined == set() with input as {"documents": documents}
}
