"""The mathematics: rooms (one physical idea a file) and the formulation they make together."""
