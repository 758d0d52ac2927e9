"""The outside world, one thing a file. A backend knows neither the talk's folder nor its peers."""
