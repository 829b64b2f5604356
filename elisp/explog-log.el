;;; explog-log.el --- Experiment logs in Emacs buffers  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Which files are logs, which experiments they contain, and where an
;; experiment is in a buffer.  Nothing here prompts, or reads a file on
;; another machine.

;;; Code:

(require 'explog-base)
(require 'explog-heading)
(require 'seq)
(require 'subr-x)

;;;; Files

(defun explog-log-files ()
  "Return the absolute names of all logs, each once; see `explog-logs'.
A folder stands for the org files in it.  A plain name is kept even if
the file does not exist.  Files on other machines are left out."
  (delete-dups (mapcan #'explog-log--expand (explog-log--names))))

(defun explog-log--names ()
  "Return the elements of `explog-logs' as absolute names.
Leave out those on other machines."
  (let ((names (default-value 'explog-logs)))
    (mapcar (lambda (name) (expand-file-name name "~/"))
            (seq-filter #'explog-local-p
                        (and (proper-list-p names) names)))))

(defun explog-log--expand (name)
  "Return the files for NAME, an absolute file name, folder or wildcard."
  (cond ((file-directory-p name)
         (explog-log--glob (explog-log--pattern (concat (file-name-as-directory name)
                                                        "*.org"))))
        ((or (file-exists-p name) (not (explog-log--wildcard-p name)))
         (list name))
        (t (explog-log--glob (explog-log--pattern name)))))

;;;; Wildcards

;; Wildcards mean what they mean to the server, in Python; both are tested
;; with tests/data/wildcards.json.  `file-expand-wildcards' is of no use:
;; it does not know `**', and it ignores case.

(defun explog-log--wildcard-p (name)
  "Return non-nil if NAME has a wildcard in it."
  (string-match-p "[[*?]" name))

(defun explog-log--pattern (name)
  "Return the absolute wildcard NAME as a list with an element for each part.
An element is a string that matches itself, the symbol `**' for any
number of folders, or (HIDDEN . REGEXP).  Only if HIDDEN is non-nil, the
latter matches names that begin with a dot."
  (mapcar (lambda (part)
            (cond ((equal part "**") '**)
                  ((explog-log--wildcard-p part)
                   (cons (string-prefix-p "." part) (explog-log--part-regexp part)))
                  (t part)))
          (cdr (split-string name "/"))))

(defun explog-log--part-regexp (part)
  "Return a regular expression for the names that PART of a wildcard matches."
  (let ((start 0) (regexp ""))
    (while (string-match "\\*+\\|\\?\\|\\[!?]?[^]]*]\\|[^[*?]+\\|\\[" part start)
      (let ((token (match-string 0 part)))
        (setq start (match-end 0)
              regexp (concat regexp
                             (cond ((string-prefix-p "*" token) ".*")
                                   ((equal token "?") ".")
                                   ((string-match-p "\\`\\[.+]\\'" token)
                                    (explog-log--set-regexp (substring token 1 -1)))
                                   (t (regexp-quote token)))))))
    (concat "\\`" regexp "\\'")))

(defun explog-log--set-regexp (set)
  "Return a regular expression for SET, the text in brackets of a wildcard."
  (cond ((string-prefix-p "!" set) (concat "[^" (substring set 1) "]"))
        ((equal set "^") "\\^")
        ;; At the beginning, a caret would negate the set.
        ((string-prefix-p "^" set) (concat "[" (substring set 1) "^]"))
        (t (concat "[" set "]"))))

(defun explog-log--part-matches-p (part name)
  "Return non-nil if PART of a pattern, which is not `**', matches NAME."
  (if (stringp part)
      (string= part name)
    (and (or (car part) (not (string-prefix-p "." name)))
         (let ((case-fold-search nil))
           (string-match-p (cdr part) name)))))

(defun explog-log--matches-p (pattern names)
  "Return non-nil if PATTERN matches NAMES, the parts of a file's name."
  (pcase pattern
    ('nil (null names))
    (`(** . ,rest)
     (or (explog-log--matches-p rest names)
         (and names
              (not (string-prefix-p "." (car names)))
              (explog-log--matches-p pattern (cdr names)))))
    (`(,part . ,rest)
     (and names
          (explog-log--part-matches-p part (car names))
          (explog-log--matches-p rest (cdr names))))))

(defun explog-log--glob (pattern &optional folder)
  "Return the names that match PATTERN in FOLDER, which ends with a slash."
  (let ((folder (or folder "/")))
    (pcase pattern
      ('nil nil)
      (`(,(and part (pred stringp)))
       (let ((name (concat folder part)))
         (and (file-exists-p name) (list name))))
      (`(,(and part (pred stringp)) . ,rest)
       (explog-log--glob rest (concat folder part "/")))
      (`(** . ,rest)
       (append (explog-log--glob rest folder)
               (mapcan (lambda (name)
                         (unless (file-symlink-p name) ; it may lead back to a parent
                           (explog-log--glob pattern (concat name "/"))))
                       (explog-log--folders (explog-log--entries folder '(nil . ""))))))
      (`(,part) (explog-log--entries folder part))
      (`(,part . ,rest)
       (mapcan (lambda (name) (explog-log--glob rest (concat name "/")))
               (explog-log--folders (explog-log--entries folder part)))))))

(defun explog-log--entries (folder part)
  "Return the names in FOLDER that PART of a pattern matches, in order."
  (and (file-accessible-directory-p folder)
       (mapcar (lambda (name) (concat folder name))
               (seq-filter (lambda (name)
                             (and (not (member name '("." "..")))
                                  (explog-log--part-matches-p part name)))
                           (directory-files folder)))))

(defun explog-log--folders (names)
  "Return those of NAMES that are folders."
  (seq-filter #'file-directory-p names))

;;;; Files that must not be written

(defun explog-log-protected-p (file)
  "Return non-nil if FILE must not be written.
For root, who may write any file, its permissions count all the same."
  (let ((modes (file-modes file)))
    (not (and (file-writable-p file)
              (or (null modes) (/= 0 (logand modes #o222)))))))

;;;; Buffers that visit logs

(defvar explog-log--known nil
  "The last value of the function `explog-log--known', or nil.")

(defun explog-log--known ()
  "Return (LOGS TABLE PATTERNS) for LOGS, the value of `explog-logs'.
TABLE has the names of files and folders as keys, and PATTERNS match the
wildcards.  The value is computed once as long as the option stays."
  (let ((logs (default-value 'explog-logs)))
    (unless (and explog-log--known (equal logs (car explog-log--known)))
      (let* ((names (explog-log--names))
             (all (append names (mapcar #'file-truename names)))
             (table (make-hash-table :test #'equal)))
        (dolist (name all)
          (puthash (directory-file-name name) t table))
        (setq explog-log--known
              (list (copy-tree logs) table
                    (mapcar #'explog-log--pattern
                            (seq-filter (lambda (name)
                                          (and (explog-log--wildcard-p name)
                                               (not (file-exists-p name))))
                                        all))))))
    explog-log--known))

(defun explog-log-named-p (file)
  "Return non-nil if FILE, an absolute name, is one that `explog-logs' names."
  (pcase-let ((`(,_ ,table ,patterns) (explog-log--known))
              (case-fold-search nil))
    (or (gethash file table)
        (and (string-match-p "/[^./][^/]*\\.org\\'" file)
             (gethash (directory-file-name (file-name-directory file)) table))
        (and patterns
             (let ((names (cdr (split-string file "/"))))
               (seq-some (lambda (pattern) (explog-log--matches-p pattern names))
                         patterns))))))

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
It may be an indirect buffer, such as Org makes for a subtree."
  (with-current-buffer (or (buffer-base-buffer) (current-buffer))
    (or (explog-log-buffer-p)
        (and buffer-file-name
             (derived-mode-p 'org-mode)
             (string-suffix-p "_archive" buffer-file-name)
             (explog-log-named-p (string-remove-suffix "_archive" buffer-file-name))))))

(defun explog-log-modified-buffers ()
  "Return the modified buffers that visit logs."
  (seq-filter (lambda (buffer)
                (and (buffer-modified-p buffer) (explog-log-buffer-p buffer)))
              (buffer-list)))

;;;; Experiments in a buffer

(defun explog-log-find (id)
  "Return the position of the experiment ID in this buffer, or nil."
  (car (explog-log-places id)))

(defun explog-log-places (id)
  "Return the positions of all headings of experiment ID in this buffer."
  (let ((case-fold-search nil) places)
    (save-excursion
      ;; Searching for a string is three times as fast as searching for a
      ;; regular expression.
      (dolist (form '("[%s]" "<<%s>>" " %s" "\t%s"))
        (let ((text (format form id)))
          (goto-char (point-min))
          (while (search-forward text nil t)
            (when-let ((place (explog-log--heading-with id)))
              (push place places))))))
    (sort (delete-dups places) #'<)))

(defun explog-log--heading-with (id)
  "Return the position of the heading of experiment ID if point is after its id.
The id may be in the heading or in the property drawer."
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

(defvar explog-log-captured nil
  "The ids of the experiments captured last in this session, the newest first.")

(defun explog-log-note-captured (id)
  "Note that experiment ID has just been captured."
  (setq explog-log-captured (seq-take (cons id (delete id explog-log-captured)) 8)))

(defvar explog-log--ids-cache (make-hash-table :test #'equal)
  "Maps the name of a log to (STAMP . IDS) as of the last time it was read.")

(defun explog-log-ids ()
  "Return an alist (ID FILE HEADING) of the experiments in all logs.
HEADING is the text of the heading.  If a buffer visits a log, read the
buffer, saved or not.  Include the archives of logs."
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
  "Return a stamp of the text of FILE, or of the BUFFER that visits it.
It is different after the text was changed.  BUFFER may be nil."
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

;;;; Notes of org

(defconst explog-log--item-regexp "^[ \t]*[0-9]+[.)]\\(?:[ \t]\\|\r?$\\)"
  "Matches the beginning of an item of a numbered list.")

(defun explog-log-into-drawer-around (function &rest args)
  "Call FUNCTION, `org-log-into-drawer', with ARGS.
This is the advice of `explog-mode'.  Where `org-log-into-drawer' is nil,
org writes a note as a bullet right below the heading.  Above the steps
of an experiment that would be the first item of their list, which org
would make one of bullets as soon as it repairs it; so there, and only
there, a drawer takes the note."
  (or (apply function args)
      (and (explog-log-buffer-p)
           (explog-log--numbered-p)
           "LOGBOOK")))

(defun explog-log--numbered-p ()
  "Return non-nil if the heading around point has a numbered list beneath it.
That is taken for the steps, if it is in an experiment."
  (save-excursion
    (save-restriction
      (widen)
      (end-of-line)
      (when (re-search-backward "^\\*+ " nil t)
        (let ((end (save-excursion
                     (forward-line)
                     (if (re-search-forward "^\\*+ " nil t) (match-beginning 0) (point-max)))))
          (and (save-excursion (re-search-forward explog-log--item-regexp end t))
               (explog-log--experiment-around-p)))))))

(defun explog-log--experiment-around-p ()
  "Return non-nil if the heading at point is one of an experiment, or beneath it."
  (save-excursion
    (let (above found)
      (while (and (not (setq found (explog-heading-experiment-id)))
                  (setq above (explog-heading-parent)))
        (goto-char above))
      found)))

(provide 'explog-log)
;;; explog-log.el ends here
