"""Events and the answers to them: GraphQL with tokens and points, and the RSVP stream of old."""
