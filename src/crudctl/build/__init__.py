"""Reads the contract and builds what is deployed: the zips, the gateway's document, the web app's contract file."""
