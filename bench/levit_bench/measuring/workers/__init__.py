"""Worker processes: started, asked, timed and ended, with the settings that hold for a whole process."""
