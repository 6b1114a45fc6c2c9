"""Recordings of uploads and folders with what is known of them, listed without a look into any of them."""
