env        = "prod"
repository = null # "OWNER/NAME" lets that repository's workflows deploy
