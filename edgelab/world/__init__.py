"""What several topics stand on: places and round trips, one request, the queue, delays."""
