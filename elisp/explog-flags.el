;;; explog-flags.el --- Show in a log which steps were renumbered  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; A step that bears a hash and got another number means something else
;; than its commit says.  The server tells which steps these are whenever
;; that changes; here a log shows it behind the hash, until the list is
;; put right.  The text of the log is not touched.

;;; Code:

(require 'explog)
(require 'explog-log)
(require 'seq)

(defface explog-renumbered '((t :inherit warning))
  "A step whose hash belongs to another number."
  :group 'explog)

(defvar explog-flags--all nil
  "Non-nil means that there are flags: (FILE LINE ID HASH MESSAGE) each.")

(defun explog-flags-set (flags)
  "Show FLAGS, a list of (FILE LINE ID HASH MESSAGE), and no others.
The server calls this."
  (setq explog-flags--all (and explog-mode flags))
  (if explog-flags--all
      (add-hook 'find-file-hook #'explog-flags--show)
    (remove-hook 'find-file-hook #'explog-flags--show))
  (dolist (buffer (buffer-list))
    (when (buffer-local-value 'buffer-file-name buffer)
      (with-current-buffer buffer
        (explog-flags--show))))
  t)

(defun explog-flags-remove ()
  "Show no flag any more."
  (explog-flags-set nil))

(defun explog-flags--show ()
  "Show the flags of the log in the current buffer, and no others."
  (let ((flags (and explog-flags--all
                    (explog-log-buffer-p)
                    (seq-filter (lambda (flag) (explog-flags--here-p (car flag)))
                                explog-flags--all))))
    (save-excursion
      (save-restriction
        (widen)
        (remove-overlays nil nil 'explog-flag t)
        (pcase-dolist (`(,_ ,line ,id ,hash ,message) flags)
          (when-let ((end (explog-flags--place line id hash)))
            (explog-flags--put end hash message)))))))

(defun explog-flags--here-p (file)
  "Return non-nil if the current buffer visits FILE."
  (or (equal file buffer-file-name)
      (equal (file-truename file) (expand-file-name buffer-file-truename))))

(defun explog-flags--place (line id hash)
  "Return the end of HASH, in parentheses, in experiment ID, or nil.
LINE is where it is in the file, and near to where it is here."
  (goto-char (point-min))
  (forward-line (1- line))
  (let ((text (format "(%s)" hash)))
    (if (search-forward text (line-end-position) t)
        (point)
      (seq-some (lambda (start)
                  (goto-char start)
                  (search-forward text (explog-log-entry-end) t))
                (explog-log-places id)))))

(defun explog-flags--put (end hash message)
  "Show MESSAGE behind HASH, which with its parentheses has its end at END."
  (let ((overlay (make-overlay (- end (length hash) 2) end nil t)))
    (overlay-put overlay 'explog-flag t)
    (overlay-put overlay 'evaporate t)
    (overlay-put overlay 'face 'explog-renumbered)
    (overlay-put overlay 'help-echo message)
    (overlay-put overlay 'after-string
                 (propertize (format " ← %s" (explog-flags--short message))
                             'face 'explog-renumbered 'help-echo message))))

(defun explog-flags--short (message)
  "Return MESSAGE without the hash that it begins with, as that stands there."
  (replace-regexp-in-string "\\`[[:xdigit:]]+ " "" message))

(provide 'explog-flags)
;;; explog-flags.el ends here
