;;; explog-log.el --- Experiment logs in Emacs buffers  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Which files are logs, which experiments they have, and where in a
;; buffer an experiment is.  Nothing here edits a buffer, asks anything
;; or looks at a file on another machine.

;;; Code:

(require 'explog-base)
(require 'explog-heading)
(require 'seq)
(require 'subr-x)

;;;; Files

(defun explog-log-files ()
  "Return the files that `explog-logs' names, absolute, each once.
A folder stands for the org files in it.  Plain names are kept even if
there is no such file; those of files on other machines are not."
  (delete-dups (mapcan #'explog-log--expand (explog-log--names))))

(defun explog-log--names ()
  "Return what `explog-logs' names on this machine, absolute."
  (let ((names (default-value 'explog-logs)))
    (mapcar (lambda (name) (expand-file-name name "~/"))
            (seq-filter #'explog-local-p
                        (and (proper-list-p names) names)))))

(defun explog-log--expand (name)
  "Return the files that NAME, an absolute name or wildcard, stands for."
  (cond ((file-directory-p name)
         (directory-files name t "\\`[^.].*\\.org\\'"))
        ((file-exists-p name) (list name))
        ((not (string-match-p "[[*?]" name)) (list name))
        (t (let ((regexp (explog-log--wildcard-regexp name)))
             (seq-filter (lambda (file) (string-match-p regexp file))
                         (if (string-search "**" name)
                             (explog-log--below name)
                           (file-expand-wildcards name t)))))))

(defun explog-log--below (name)
  "Return the files anywhere below the first folder of NAME with no wildcard."
  (let ((folder (file-name-directory (substring name 0 (string-match "[[*?]" name)))))
    (and (file-directory-p folder)
         (directory-files-recursively
          folder "" nil
          (lambda (subfolder)
            (not (string-prefix-p "." (file-name-nondirectory subfolder))))))))

(defconst explog-log--wildcards
  '(("/**/" . "/\\(?:[^./][^/]*/\\)*")
    ("**/" . "\\(?:[^./][^/]*/\\)*")
    ("/*" . "/\\(?:[^./][^/]*\\)?")
    ("/?" . "/[^./]")
    ("*" . "[^/]*")
    ("?" . "[^/]"))
  "Alist of wildcards and regular expressions.")

(defun explog-log--wildcard-regexp (name)
  "Return a regular expression for the files that the wildcard NAME matches.
As in a shell, `**/' is any number of folders, and names that begin with
a dot are not matched unless the dot is in NAME."
  (let ((position 0) (parts nil))
    (while (string-match "/?\\*\\*/\\|/?[*?]\\|\\[!?[^]]+\\]\\|[^][*?/]+\\|." name position)
      (setq position (match-end 0))
      (let ((part (match-string 0 name)))
        (push (cond ((cdr (assoc part explog-log--wildcards)))
                    ((string-match-p "\\`\\[.+\\]\\'" part)
                     (string-replace "[!" "[^" part))
                    (t (regexp-quote part)))
              parts)))
    (concat "\\`" (string-join (nreverse parts)) "\\'")))

(defun explog-log-protected-p (file)
  "Return non-nil if FILE must not be written.
For root, who may write any file, its permissions count all the same."
  (let ((modes (file-modes file)))
    (not (and (file-writable-p file)
              (or (null modes) (/= 0 (logand modes #o222)))))))

;;;; Buffers that visit logs

(defvar explog-log--known nil
  "What `explog-log--known' returned last, and for what: (LOGS TABLE REGEXPS).")

(defun explog-log--known ()
  "Return (LOGS TABLE REGEXPS) for LOGS, the value of `explog-logs'.
TABLE has the names of files and folders as keys, and REGEXPS are those
for wildcards.  As long as the option stays, no file is looked at."
  (let ((logs (default-value 'explog-logs)))
    (unless (and explog-log--known (equal logs (car explog-log--known)))
      (let* ((names (explog-log--names))
             (all (append names (mapcar #'file-truename names)))
             (table (make-hash-table :test #'equal)))
        (dolist (name all)
          (puthash (directory-file-name name) t table))
        (setq explog-log--known
              (list (copy-tree logs) table
                    (mapcar #'explog-log--wildcard-regexp
                            (seq-filter (lambda (name) (string-match-p "[[*?]" name))
                                        all))))))
    explog-log--known))

(defun explog-log-named-p (file)
  "Return non-nil if FILE, an absolute name, is one that `explog-logs' names."
  (pcase-let ((`(,_ ,table ,regexps) (explog-log--known))
              (case-fold-search nil))
    (or (gethash file table)
        (and (string-match-p "/[^./][^/]*\\.org\\'" file)
             (gethash (directory-file-name (file-name-directory file)) table))
        (seq-some (lambda (regexp) (string-match-p regexp file)) regexps))))

(defun explog-log-buffer-p (&optional buffer)
  "Return non-nil if BUFFER, by default the current one, visits a log."
  (with-current-buffer (or buffer (current-buffer))
    (and buffer-file-name
         (derived-mode-p 'org-mode)
         (not (file-remote-p buffer-file-name))
         (or (explog-log-named-p buffer-file-name)
             (explog-log-named-p (expand-file-name buffer-file-truename))))))

(defun explog-log-here-p ()
  "Return non-nil if a log, or the archive of one, is in this buffer.
It may be an indirect buffer, as org makes for a subtree."
  (with-current-buffer (or (buffer-base-buffer) (current-buffer))
    (or (explog-log-buffer-p)
        (and buffer-file-name
             (derived-mode-p 'org-mode)
             (string-suffix-p "_archive" buffer-file-name)
             (explog-log-named-p (string-remove-suffix "_archive" buffer-file-name))))))

(defun explog-log-modified-buffers ()
  "Return the buffers with logs that are not saved."
  (seq-filter (lambda (buffer)
                (and (buffer-modified-p buffer) (explog-log-buffer-p buffer)))
              (buffer-list)))

;;;; Experiments in a buffer

(defun explog-log-find (id)
  "Return the position of the experiment ID in this buffer, or nil."
  (car (explog-log-places id)))

(defun explog-log-places (id)
  "Return the positions of all headings in this buffer that are experiment ID."
  (let ((case-fold-search nil) places)
    (save-excursion
      ;; A search for a constant string is three times as fast as one for
      ;; a regular expression.
      (dolist (form '("[%s]" "<<%s>>" " %s" "\t%s"))
        (let ((text (format form id)))
          (goto-char (point-min))
          (while (search-forward text nil t)
            (when-let ((place (explog-log--heading-with id)))
              (push place places))))))
    (sort (delete-dups places) #'<)))

(defun explog-log--heading-with (id)
  "Return the position of the heading of experiment ID if point is behind its id.
The id may stand in the heading or in the property drawer."
  (save-excursion
    (when (if (memq (char-before) '(?\] ?>))
              (progn (beginning-of-line)
                     (looking-at-p "\\*+ "))
            (and (memq (char-after) '(?\n ?\s ?\t ?\r nil))
                 (progn (beginning-of-line)
                        (looking-at-p "[ \t]*:[A-Za-z_]*[Ii][Dd]\\+?:"))
                 (re-search-backward "^\\*+ " nil t)))
      (and (equal id (explog-heading-experiment-id))
           (point)))))

(defun explog-log-entry-end ()
  "Return the end of the subtree whose heading is at point."
  (save-excursion
    (let ((level (skip-chars-forward "*")))
      (if (re-search-forward (format "^\\*\\{1,%d\\} " level) nil t)
          (line-beginning-position)
        (point-max)))))

;;;; Ids in use

(defvar explog-log--ids-cache (make-hash-table :test #'equal)
  "Maps the name of a log to (STAMP . IDS) as they were last read.")

(defun explog-log-ids ()
  "Return an alist (ID FILE HEADING) of the experiments in all logs.
HEADING is the text of the heading.  Logs that a buffer visits are read
there, saved or not.  Those in the archives of logs count too."
  (let ((files (explog-log-files)))
    (mapcan (lambda (file)
              (mapcar (pcase-lambda (`(,id . ,heading)) (list id file heading))
                      (explog-log--file-ids file)))
            (append files (seq-filter #'file-exists-p
                                      (mapcar (lambda (file)
                                                (concat file "_archive"))
                                              files))))))

(defun explog-log--file-ids (file)
  "Return an alist (ID . HEADING) of the experiments in FILE."
  (let* ((buffer (find-buffer-visiting file))
         (stamp (explog-log--stamp file buffer))
         (cached (gethash file explog-log--ids-cache)))
    (if (equal stamp (car cached))
        (cdr cached)
      (let ((ids (explog-log--read-ids file buffer)))
        (puthash file (cons stamp ids) explog-log--ids-cache)
        ids))))

(defun explog-log--stamp (file buffer)
  "Return a stamp of the text of FILE, or of BUFFER if that visits it."
  (if buffer
      (list buffer (buffer-chars-modified-tick buffer) explog-tag)
    (let ((attributes (file-attributes file)))
      (list (file-attribute-modification-time attributes)
            (file-attribute-size attributes)
            explog-tag))))

(defun explog-log--read-ids (file buffer)
  "Return an alist (ID . HEADING) read from BUFFER, or from FILE if that is nil."
  (cond (buffer
         (with-current-buffer buffer
           (save-restriction
             (widen)
             (explog-log--collect-ids))))
        ((and (file-regular-p file) (file-readable-p file))
         (with-temp-buffer
           (insert-file-contents file)
           (explog-log--collect-ids)))))

(defun explog-log--collect-ids ()
  "Return an alist (ID . HEADING) of the experiments in this buffer, in order."
  (save-excursion
    (mapcar (pcase-lambda (`(,id . ,position))
              (goto-char position)
              (cons id (explog-heading-text)))
            (explog-heading-collect))))

(provide 'explog-log)
;;; explog-log.el ends here
