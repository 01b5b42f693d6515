"""Cognito: sign-up page, refresh token rotation and sign-in metrics."""
