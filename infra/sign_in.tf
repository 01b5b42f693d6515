# How Cognito's page looks: in the colours of web/src/tokens.css, with the app's picture, and on the managed page with its name too.

locals {
  # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-managed-login.html
  sign_in_version = { classic = 1, managed = 2 }[var.sign_in_page]

  # Who gets an account: in a shared pool, as its own stack says.
  invited = var.user_pool_id == null ? var.sign_up == "invite" : try(data.aws_cognito_user_pool.shared[0].admin_create_user_config[0].allow_admin_create_user_only, false)
  sign_up = local.invited ? "invite" : "open"

  # What the app says before people choose a password. A shared pool's rules are those of its own stack, and no data source has them.
  password_rules = one([for policy in aws_cognito_user_pool.users[*].password_policy[0] : {
    length = policy.minimum_length
    of     = [for kind, needed in { lowercase = policy.require_lowercase, uppercase = policy.require_uppercase, number = policy.require_numbers, symbol = policy.require_symbols } : kind if needed]
  }])
}

# At most 3 KB of CSS, of the classes that Cognito names.
# https://docs.aws.amazon.com/cognito/latest/developerguide/hosted-ui-classic-branding.html
resource "aws_cognito_user_pool_ui_customization" "web" {
  count = var.sign_in_page == "classic" ? 1 : 0

  user_pool_id = local.user_pool.id
  client_id    = aws_cognito_user_pool_client.web.id
  css          = file("${path.module}/sign_in/classic.css")
  image_file   = filebase64("${path.module}/sign_in/logo.png") # no SVG, so no name: it comes from the contract

  depends_on = [aws_cognito_user_pool_domain.users]
}

# Without a style for the app client the managed page says that it is unavailable. Version 5 of the provider has no resource for it;
# CloudFormation has. Cognito keeps its own values for what the file does not set.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-managedloginbranding.html
resource "aws_cloudformation_stack" "sign_in_page" {
  count = var.sign_in_page == "managed" ? 1 : 0

  name = "${local.prefix}-sign-in-page"

  template_body = jsonencode({
    AWSTemplateFormatVersion = "2010-09-09"
    Description              = "The style of the sign-in page of ${local.prefix}"
    Resources = {
      Style = {
        Type = "AWS::Cognito::ManagedLoginBranding"
        Properties = {
          UserPoolId = local.user_pool.id
          ClientId   = aws_cognito_user_pool_client.web.id
          Settings   = jsondecode(file("${path.module}/sign_in/managed.json"))
          Assets = [for mode, colour in { LIGHT = "#17201d", DARK = "#e8edeb" } : {
            Category  = "FORM_LOGO"
            ColorMode = mode
            Extension = "SVG"
            Bytes     = base64encode(templatefile("${path.module}/sign_in/logo.svg", { title = local.service.title, colour = colour }))
          }]
        }
      }
    }
  })

  depends_on = [aws_cognito_user_pool_domain.users]
}

# A warning, because the environment works; until somebody uses up the day's mail.
check "mail_of_open_sign_up" {
  assert {
    condition     = var.sign_up == "invite" || var.mail != null || var.env == "local" || var.user_pool_id != null
    error_message = "Anybody can sign up, and Cognito's own sender takes about 50 messages a day: whoever uses them up stops everybody's password resets. Set mail, or sign_up = \"invite\"."
  }
}
