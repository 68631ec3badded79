"""What is checked and compared for whoever corrects it in IWDS: findings, changes, documents."""
