"""What all labs' instructor sides share. Folders of this name never travel in a student edition."""
