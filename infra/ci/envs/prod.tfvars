env        = "prod"
repository = null # "OWNER/NAME", or "OWNER@ID/NAME@ID", lets that repository's workflows deploy: see `crudctl bootstrap --help`
