"""What all HTTP endpoints share: requests, responses, models and the API description."""
