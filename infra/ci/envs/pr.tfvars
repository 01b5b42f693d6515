repository    = null  # "OWNER/NAME", or "OWNER@ID/NAME@ID", lets that repository's workflows make and remove previews
provider_here = false # the account of test, where test's bootstrap has created it
